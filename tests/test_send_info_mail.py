"""Info mails go out at most once, to whom they may, and every answer finds its state."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from bot.errors import DeliveryFailed, DeliveryUnsure, UserMistake
from bot.mail_plan import plan
from bot.send_info_mail import send_due_mails, send_mail
from bot.settle_deliveries import settle_deliveries
from bot.show_mail import mail_status
from bot.tokens import Purpose, read
from bot.verify_ledger import verify_ledger
from models import Consent, Database, Delivery, InfoMail, Lead, MonthSlot, Suppression
from models.enums import CallState, CustomerClass, MailState, SkipReason, SuppressionReason
from tests.builders import T0, a_lead, a_salesperson, days
from tests.mail_world import SOURCE, Outbox, a_config, a_mail, addresses, many_leads, states

CONFIG = a_config(mail_batch_size=10)
SALES = SOURCE.replace("kind: case_study", "kind: product_news")


@pytest.fixture
def database(any_database: Database) -> Database:
    """All of it on both kinds of database."""
    return any_database


def run(database: Database, outbox: Outbox, now: datetime = T0, config: Any = CONFIG) -> int:
    return send_due_mails(database, outbox, config, lambda: now)


def started(database: Database, leads: int, **kwargs: Any) -> int:
    with database.writing() as session:
        if leads:
            many_leads(session, leads)
        return a_mail(session, CONFIG, **kwargs)


def the_mail(database: Database, mail_id: int) -> InfoMail:
    with database.reading() as session:
        return session.get(InfoMail, mail_id)


def refuse(session: Session, address: str, at: datetime) -> None:
    session.add(
        Suppression(
            address_key=address, reason=SuppressionReason.UNSUBSCRIBED, source="test", since=at
        )
    )


def skipped(database: Database, mail_id: int) -> dict[str, int]:
    with database.reading() as session:
        return mail_status(session, mail_id)["skipped"]


def proof(database: Database) -> dict[str, Any]:
    with database.reading() as session:
        return verify_ledger(session)


def test_everyone_gets_one_mail_and_it_is_accepted(database: Database) -> None:
    mail_id, outbox = started(database, 25), Outbox()

    assert run(database, outbox) == 25

    assert sorted(outbox.mailed) == sorted(f"lead{n}@customer.example" for n in range(1, 26))
    assert states(database) == {"accepted": 25}
    mail = the_mail(database, mail_id)
    assert (mail.state, mail.sent_at) == (MailState.SENT, T0)
    assert proof(database)["ok"]


def test_the_first_goes_alone_then_requests_are_full(database: Database) -> None:
    started(database, 25)
    outbox = Outbox()

    run(database, outbox)

    assert [len(addresses(body)) for body in outbox.bodies] == [1, 10, 10, 4]


def test_a_second_run_sends_nothing(database: Database) -> None:
    started(database, 5)
    run(database, Outbox())
    again = Outbox()

    run(database, again)

    assert again.bodies == []


def test_a_mail_that_is_not_due_waits(database: Database) -> None:
    mail_id, outbox = started(database, 3, now=T0 + days(1)), Outbox()

    run(database, outbox)
    assert (outbox.bodies, the_mail(database, mail_id).state) == ([], MailState.APPROVED)

    run(database, outbox, T0 + days(1))
    assert len(outbox.mailed) == 3


def test_a_draft_is_never_sent(database: Database) -> None:
    with database.writing() as session:
        from bot.draft_mail import draft_mail

        many_leads(session, 2)
        draft = draft_mail(session, SOURCE, by="suzuki", now=T0)

    assert run(database, outbox := Outbox()) == 0
    with pytest.raises(UserMistake, match="mail.not_sendable"):
        send_mail(database, outbox, CONFIG, lambda: T0, draft.id)


def test_each_delivery_has_links_of_its_own(database: Database) -> None:
    with database.writing() as session:
        sato = a_salesperson(session)
        lead = a_lead(session, "山田 太郎", owner=sato)
        a_mail(session, CONFIG)

    run(database, outbox := Outbox())

    envelope = outbox.bodies[0]["personalizations"][0]
    with database.reading() as session:
        delivery = session.exec(select(Delivery)).one()
    assert envelope["custom_args"] == {"cf_delivery": delivery.public_id}
    assert len(delivery.public_id) == 32
    given = envelope["substitutions"]
    assert read(Purpose.SURVEY, given["[[cf-survey]]"], CONFIG) == delivery.id
    assert read(Purpose.UNSUBSCRIBE, given["[[cf-unsubscribe]]"], CONFIG) == delivery.id
    assert given["[[cf-name]]"] == lead.name
    assert given["[[cf-salesperson]]"] == "Sato"


def test_leads_are_skipped_with_the_reason(database: Database) -> None:
    with database.writing() as session:
        a_lead(session, "good")
        a_lead(session, "no address", email=None)
        a_lead(session, "no basis", basis=None)
        a_lead(session, "refused", email="refused@customer.example")
        refuse(session, "refused@customer.example", T0 - days(9))
        a_lead(session, "left", call_state=CallState.LEFT_COMPANY)
        a_lead(session, "class A", customer_class=CustomerClass.A)
        a_lead(session, "C1", customer_class=CustomerClass.C1)
        mail_id = a_mail(session, CONFIG)

    run(database, outbox := Outbox())

    assert len(outbox.mailed) == 1
    assert skipped(database, mail_id) == {
        "inactive": 1,
        "no_address": 1,
        "no_basis": 1,
        "suppressed": 1,
    }
    assert proof(database)["ok"]


def test_a_mail_without_classes_goes_to_the_teams_usual_ones(database: Database) -> None:
    with database.writing() as session:
        a_lead(session, "D", customer_class=CustomerClass.D)
        a_lead(session, "E", customer_class=CustomerClass.E)
        a_mail(session, CONFIG, SOURCE.replace("classes: [C2, D, E]\n", ""))

    run(database, outbox := Outbox(), config=a_config(mail_classes="D"))

    assert len(outbox.mailed) == 1


def test_planning_is_made_once_and_later_leads_are_not_added(database: Database) -> None:
    with database.writing() as session:
        many_leads(session, 3)
        mail_id = a_mail(session, CONFIG)
        plan(session, mail_id, config=CONFIG, now=T0)
        a_lead(session, "late", email="late@customer.example")

        plan(session, mail_id, config=CONFIG, now=T0)

    assert states(database) == {"planned": 3}
    assert the_mail(database, mail_id).state is MailState.SENDING


def test_two_mails_in_one_month_reach_a_lead_once(database: Database) -> None:
    first = started(database, 12)
    with database.writing() as session:
        second = a_mail(session, CONFIG)
    outbox = Outbox()

    run(database, outbox)

    assert len(outbox.mailed) == len(set(outbox.mailed)) == 12
    assert states(database, first) == {"accepted": 12}
    assert skipped(database, second) == {"slot_taken": 12}
    assert proof(database)["ok"]


def test_next_months_mail_waits_for_the_gap(database: Database) -> None:
    end_of_october, early_november = T0 - days(25), T0 - days(20)
    started(database, 3, now=end_of_october)
    run(database, Outbox(), end_of_october)

    with database.writing() as session:
        second = a_mail(session, CONFIG, now=early_november)
    run(database, outbox := Outbox(), early_november)
    assert skipped(database, second) == {"too_soon": 3}

    with database.writing() as session:
        a_mail(session, CONFIG)
    run(database, outbox)
    assert len(outbox.mailed) == 3
    assert proof(database)["ok"]


def test_a_new_owner_of_an_address_does_not_get_a_second_mail(database: Database) -> None:
    with database.writing() as session:
        lead = a_lead(session, "first", email="shared@customer.example")
        a_mail(session, CONFIG)
    run(database, Outbox())
    with database.writing() as session:
        lead.email = lead.email_key = None
        session.add(lead)
        session.flush()
        session.add(
            Lead(
                account_id=lead.account_id,
                name="second",
                email="shared@customer.example",
                email_key="shared@customer.example",
                language=lead.language,
                customer_class=CustomerClass.E,
                created_at=T0,
            )
        )
        again = a_mail(session, CONFIG)

    run(database, outbox := Outbox())

    assert outbox.mailed == []
    assert skipped(database, again) == {"no_address": 1, "slot_taken": 1}


def test_product_news_comes_at_most_every_fourth_time(database: Database) -> None:
    kinds, when = [SALES, SOURCE, SALES, SOURCE, SALES], T0
    started(database, 1, source=kinds[0])
    run(database, outbox := Outbox(), when)
    for source in kinds[1:]:
        when += days(31)
        with database.writing() as session:
            mail_id = a_mail(session, CONFIG, source, when)
        run(database, outbox, when)

    assert len(outbox.mailed) == 3
    assert skipped(database, mail_id) == {"product_news_cap": 1}


def test_an_opt_out_after_planning_stops_the_claim(database: Database) -> None:
    mail_id = started(database, 5)
    with database.writing() as session:
        plan(session, mail_id, config=CONFIG, now=T0)
        refuse(session, "lead2@customer.example", T0)
        session.delete(session.get(Consent, "lead3@customer.example"))
        lead = session.get(Lead, 4)
        lead.email = lead.email_key = "moved@elsewhere.example"

    run(database, outbox := Outbox(), T0 + timedelta(minutes=1))

    assert sorted(outbox.mailed) == ["lead1@customer.example", "lead5@customer.example"]
    assert skipped(database, mail_id) == {"no_address": 1, "no_basis": 1, "suppressed": 1}


def test_the_month_is_that_of_the_claim_not_of_the_plan(database: Database) -> None:
    mail_id = started(database, 3)
    with database.writing() as session:
        plan(session, mail_id, config=CONFIG, now=T0)

    run(database, Outbox(), T0 + days(10))

    with database.reading() as session:
        assert {slot.period for slot in session.exec(select(MonthSlot))} == {"2026-12"}


@pytest.mark.parametrize("key", ["lead:2", "mail:lead2@customer.example"])
def test_a_slot_that_someone_else_holds_wins_even_over_a_clean_history(
    database: Database, key: str
) -> None:
    mail_id = started(database, 3)
    with database.writing() as session:
        refuse(session, "lead3@customer.example", T0)
        plan(session, mail_id, config=CONFIG, now=T0)
        other = session.exec(select(Delivery.id).where(Delivery.lead_id == 3)).one()
        session.add(MonthSlot(key=key, period="2026-11", delivery_id=other, claimed_at=T0))

    run(database, outbox := Outbox())

    assert "lead2@customer.example" not in outbox.mailed
    assert skipped(database, mail_id) == {"slot_taken": 1, "suppressed": 1}
    with database.reading() as session:
        keys = set(session.exec(select(MonthSlot.key)))
    assert len({"lead:2", "mail:lead2@customer.example"} & keys) == 1


def test_429_waits_and_keeps_the_slots(database: Database) -> None:
    started(database, 3)

    def busy(body: dict[str, Any]) -> None:
        raise DeliveryFailed("429", permanent=False, retry_after=timedelta(minutes=2), status=429)

    assert run(database, Outbox(busy)) == 0
    assert states(database) == {"planned": 3}
    with database.reading() as session:
        assert len(session.exec(select(MonthSlot)).all()) == 2

    run(database, early := Outbox(), T0 + timedelta(minutes=1))
    assert "lead1@customer.example" not in early.mailed
    run(database, late := Outbox(), T0 + timedelta(minutes=2))
    assert late.mailed == ["lead1@customer.example"]
    assert states(database) == {"accepted": 3}


def test_a_slot_kept_over_a_months_end_is_taken_anew(database: Database) -> None:
    started(database, 1)
    no = DeliveryFailed("not connected", permanent=False)

    def unreachable(body: dict[str, Any]) -> None:
        raise no

    run(database, Outbox(unreachable))
    run(database, Outbox(), T0 + days(10))

    with database.reading() as session:
        slots = session.exec(select(MonthSlot)).all()
    assert {slot.period for slot in slots} == {"2026-12"} and len(slots) == 2


def test_a_refused_connection_is_tried_again_within_minutes(database: Database) -> None:
    started(database, 1)

    def unreachable(body: dict[str, Any]) -> None:
        raise DeliveryFailed("not connected", permanent=False)

    run(database, Outbox(unreachable))

    with database.reading() as session:
        waits = session.exec(select(Delivery.not_before)).one() - T0
    assert timedelta(minutes=1) <= waits <= timedelta(minutes=5)
    run(database, outbox := Outbox(), T0 + waits)
    assert len(outbox.mailed) == 1


@pytest.mark.parametrize("status", [400, 413])
def test_one_bad_reader_costs_only_himself(database: Database, status: int) -> None:
    mail_id = started(database, 60)
    bad = {"lead17@customer.example", "lead41@customer.example"}

    def picky(body: dict[str, Any]) -> None:
        if bad & set(addresses(body)):
            raise DeliveryFailed(f"{status} bad address", permanent=True, status=status)

    run(database, outbox := Outbox(picky), config=a_config(mail_batch_size=50))

    assert states(database) == {"accepted": 58, "rejected": 2}
    assert the_mail(database, mail_id).state is MailState.SENT
    with database.reading() as session:
        rejected = session.exec(select(Delivery).where(Delivery.state == "rejected")).all()
        freed = session.exec(
            select(MonthSlot).where(MonthSlot.delivery_id.in_([one.id for one in rejected]))
        ).all()
    assert {one.email for one in rejected} == bad
    assert all(one.detail == f"{status} bad address" for one in rejected)
    assert freed == []
    good = [body for body in outbox.bodies if not bad & set(addresses(body))]
    sent = [address for body in good for address in addresses(body)]
    assert len(sent) == len(set(sent)) == 58


def test_an_opt_out_between_a_refused_request_and_its_halves_is_honoured(
    database: Database,
) -> None:
    mail_id = started(database, 9)

    def refuse_the_whole(body: dict[str, Any]) -> None:
        if len(addresses(body)) == 8:
            with database.writing() as session:
                refuse(session, "lead8@customer.example", T0)
            raise DeliveryFailed("400 bad", permanent=True, status=400)

    run(database, outbox := Outbox(refuse_the_whole))

    assert [len(addresses(body)) for body in outbox.bodies] == [1, 8, 3, 4]
    assert states(database) == {"accepted": 8, "skipped": 1}
    assert skipped(database, mail_id) == {"suppressed": 1}
    with database.reading() as session:
        assert len(session.exec(select(MonthSlot)).all()) == 16
    assert proof(database)["ok"]


def test_a_late_refusal_of_what_was_given_up_is_halved_like_any(database: Database) -> None:
    started(database, 5)
    clock = [T0]

    def refuse_late(body: dict[str, Any]) -> None:
        if len(addresses(body)) == 4:
            clock[0] += timedelta(minutes=3)
            with database.writing() as session:
                settle_deliveries(session, clock[0])
            raise DeliveryFailed("400 bad", permanent=True, status=400)

    send_due_mails(database, Outbox(refuse_late), CONFIG, lambda: clock[0])

    assert states(database) == {"accepted": 5}
    with database.reading() as session:
        assert len(set(session.exec(select(Delivery.batch)))) == 3


def test_a_mail_that_nobody_may_get_stops_after_a_few(database: Database) -> None:
    mail_id = started(database, 40)

    def never(body: dict[str, Any]) -> None:
        raise DeliveryFailed("400 subject", permanent=True, status=400)

    run(database, outbox := Outbox(never))

    assert len(outbox.bodies) == 5
    assert states(database) == {"planned": 35, "rejected": 5}
    assert the_mail(database, mail_id).stop_reason == "mail.stop.refused 400 subject"


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_stops_the_mail_until_a_person_says_go_on(
    database: Database, status: int
) -> None:
    mail_id = started(database, 12)

    def no_key(body: dict[str, Any]) -> None:
        raise DeliveryFailed(f"{status} no", permanent=True, status=status)

    run(database, outbox := Outbox(no_key))

    assert len(outbox.bodies) == 1
    assert states(database) == {"planned": 11, "rejected": 1}
    mail = the_mail(database, mail_id)
    assert (mail.state, mail.stop_reason) == (MailState.STOPPED, f"mail.stop.key {status} no")

    run(database, outbox)
    assert len(outbox.bodies) == 1

    assert send_mail(database, good := Outbox(), CONFIG, lambda: T0, mail_id) == 12
    assert len(set(good.mailed)) == 12
    assert the_mail(database, mail_id).stop_reason == ""


def test_a_lost_answer_is_never_sent_again(database: Database) -> None:
    mail_id = started(database, 300)
    lost: list[str] = []

    def loses_one(body: dict[str, Any]) -> None:
        if "lead5@customer.example" in addresses(body):
            lost.extend(addresses(body))
            raise DeliveryUnsure("no answer")

    run(database, outbox := Outbox(loses_one), config=a_config(mail_batch_size=3))
    run(database, outbox, T0 + days(2))

    assert states(database) == {"accepted": 297, "unknown": 3}
    assert len(outbox.mailed) == len(set(outbox.mailed)) == 300
    assert the_mail(database, mail_id).state is MailState.SENT
    assert sorted(row["address"] for row in proof(database)["unsure"]) == sorted(lost)


@pytest.mark.parametrize(("leads", "size", "lost"), [(40, 10, 1), (601, 1, 6)])
def test_too_many_lost_answers_stop_the_mail(
    database: Database, leads: int, size: int, lost: int
) -> None:
    mail_id = started(database, leads)
    calls: list[int] = []

    def loses_all_but_the_first(body: dict[str, Any]) -> None:
        calls.append(1)
        if len(calls) > 1:
            raise DeliveryUnsure("no answer")

    run(database, Outbox(loses_all_but_the_first), config=a_config(mail_batch_size=size))

    assert len(calls) == lost + 1
    mail = the_mail(database, mail_id)
    assert (mail.state, mail.stop_reason) == (MailState.STOPPED, "mail.stop.unsure no answer")
    assert states(database)["unknown"] == size * lost


def test_a_mail_stopped_for_lost_answers_goes_on_without_them(database: Database) -> None:
    mail_id = started(database, 30)

    def loses_the_second(body: dict[str, Any]) -> None:
        if len(outbox.bodies) == 2:
            raise DeliveryUnsure("no answer")

    run(database, outbox := Outbox(loses_the_second))
    assert the_mail(database, mail_id).state is MailState.STOPPED

    send_mail(database, outbox, CONFIG, lambda: T0, mail_id)

    assert len(outbox.mailed) == len(set(outbox.mailed)) == 30
    assert states(database) == {"accepted": 20, "unknown": 10}
    assert proof(database)["ok"]


def test_a_late_202_still_lands(database: Database) -> None:
    from bot.settle_deliveries import settle_deliveries

    started(database, 1)

    def slow(body: dict[str, Any]) -> None:
        with database.writing() as session:
            assert settle_deliveries(session, T0 + timedelta(minutes=3)) == 1

    run(database, Outbox(slow))

    assert states(database) == {"accepted": 1}


def test_an_event_before_the_202_is_not_talked_down(database: Database) -> None:
    started(database, 1)

    def fast_event(body: dict[str, Any]) -> None:
        with database.writing() as session:
            session.execute(sa.update(Delivery).values(state="confirmed", confirmed_at=T0))

    run(database, Outbox(fast_event))

    assert states(database) == {"confirmed": 1}
    with database.reading() as session:
        assert session.exec(select(Delivery.message_id)).one() == "message-1"


def test_a_mail_whose_sender_lost_an_item_the_law_wants_stops(database: Database) -> None:
    mail_id = started(database, 2)

    run(database, outbox := Outbox(), config=a_config(mail_postal_address=""))

    assert outbox.bodies == []
    mail = the_mail(database, mail_id)
    assert mail.stop_reason == "mail.stop.finding mail.finding.postal_address"


def test_a_stopped_mail_lets_the_other_go_on(database: Database) -> None:
    started(database, 1)
    with database.writing() as session:
        session.execute(sa.update(InfoMail).values(state=MailState.STOPPED))
        second = a_mail(session, CONFIG)

    run(database, outbox := Outbox())

    assert len(outbox.mailed) == 1
    assert states(database, second) == {"accepted": 1}


def test_a_mail_to_nobody_is_done(database: Database) -> None:
    mail_id = started(database, 0)

    assert run(database, Outbox()) == 0

    assert the_mail(database, mail_id).state is MailState.SENT


def test_5000_leads_are_planned_in_a_second(database: Database) -> None:
    import time

    mail_id = started(database, 5000)

    begun = time.process_time()
    with database.writing() as session:
        plan(session, mail_id, config=CONFIG, now=T0)

    assert time.process_time() - begun < 1
    assert states(database) == {"planned": 5000}


def test_skip_reasons_are_the_closed_list() -> None:
    from bot.views.mail_report import REASONS, STATES
    from models.enums import DeliveryState

    assert set(REASONS) == set(SkipReason)
    assert set(STATES) == set(DeliveryState)
