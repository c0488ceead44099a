"""What SendGrid reports moves deliveries, forbids addresses and is judged."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.record_mail_events import PROVED, Recorded, record_mail_events
from bot.refuse_mail import refuse_mail
from bot.rules import verdicts
from bot.services.sendgrid_events import PostedEvent, parse
from bot.verify_ledger import verify_ledger
from models import MailEvent, Quarantine, Suppression
from models.enums import DeliveryState, EventKind, SuppressionReason, Verdict
from tests.builders import T0, a_lead, days
from tests.signals import PERSON, a_delivery, a_mail, an_event, posted

LATER = T0 + days(5)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def record(session: Session, *events: dict[str, Any]) -> Recorded:
    read, unreadable = parse(posted(*events))
    return record_mail_events(session, read, LATER, unreadable=unreadable)


def suppressed(session: Session) -> dict[str, SuppressionReason]:
    session.expire_all()
    return {row.address_key: row.reason for row in session.exec(select(Suppression))}


def test_an_event_with_our_id_confirms_its_delivery(any_session: Session) -> None:
    delivery = a_delivery(any_session)

    record(any_session, an_event(delivery, "processed", T0 + minutes(2)))
    record(any_session, an_event(delivery, "delivered", T0 + minutes(1)))

    any_session.refresh(delivery)
    assert (delivery.state, delivery.state_at) == (DeliveryState.CONFIRMED, T0 + minutes(1))
    assert delivery.confirmed_at == delivery.delivered_at == T0 + minutes(1)


@pytest.mark.parametrize(
    "state", [DeliveryState.SENDING, DeliveryState.UNKNOWN, DeliveryState.UNCONFIRMED]
)
def test_an_event_proves_the_whole_request(session: Session, state: DeliveryState) -> None:
    mail = a_mail(session)
    seen = a_delivery(session, mail=mail, state=state, message_id=None)
    doubtful = a_delivery(session, mail=mail, state=state, message_id=None, detail="timed out")
    other = a_delivery(session, mail=mail, state=state, batch="batch-2")

    record(session, an_event(seen, "bounce", T0 + minutes(3), type="bounce"))

    for row in (seen, doubtful, other):
        session.refresh(row)
    assert (seen.state, doubtful.state) == (DeliveryState.CONFIRMED, DeliveryState.ACCEPTED)
    assert (doubtful.state_at, doubtful.detail) == (T0 + minutes(3), PROVED)
    assert other.state is state


@pytest.mark.parametrize("first", [1, 2])
def test_what_is_confirmed_after_its_release_counts_from_its_first_event(
    session: Session, first: int
) -> None:
    state = DeliveryState.PLANNED
    delivery = a_delivery(session, state=state, batch=None, message_id=None, claimed_at=None)

    record(session, an_event(delivery, "processed", T0 + minutes(first)))
    record(session, an_event(delivery, "delivered", T0 + minutes(3 - first)))

    session.refresh(delivery)
    assert delivery.claimed_at == T0 + minutes(1)
    assert verify_ledger(session)["ok"]


def test_the_same_events_again_are_known(any_session: Session) -> None:
    delivery = a_delivery(any_session)
    events = [
        an_event(delivery, kind, T0 + minutes(1)) for kind in ("processed", "delivered", "open")
    ]

    assert record(any_session, *events) == Recorded(new=3, known=0, unreadable=0)
    assert record(any_session, *events, *events) == Recorded(new=0, known=6, unreadable=0)


def test_a_copy_with_a_changed_id_is_known(session: Session) -> None:
    click = an_event(a_delivery(session), "click", T0, url="https://x.example", useragent=PERSON)

    record(session, click)

    assert record(session, click | {"sg_event_id": "changed"}).new == 0


def test_a_mail_taken_twice_in_one_second_is_two_events(session: Session) -> None:
    taken = an_event(a_delivery(session), "processed", T0)
    again = {"sg_event_id": "another", "sg_message_id": "mid2.recvd-1.0"}

    assert record(session, taken, taken | again).new == 2
    assert len(verify_ledger(session)["doubled"]) == 1


@pytest.mark.parametrize(
    ("kind", "fields", "reason"),
    [
        ("bounce", {"type": "bounce"}, SuppressionReason.HARD_BOUNCE),
        ("spamreport", {}, SuppressionReason.COMPLAINT),
        ("unsubscribe", {}, SuppressionReason.UNSUBSCRIBED),
        ("group_unsubscribe", {}, SuppressionReason.UNSUBSCRIBED),
        ("dropped", {"reason": "Unsubscribed Address"}, SuppressionReason.UNSUBSCRIBED),
        ("dropped", {"reason": "Spam Reporting Address"}, SuppressionReason.COMPLAINT),
        ("dropped", {"reason": "Bounced Address"}, SuppressionReason.HARD_BOUNCE),
        ("dropped", {"reason": "Invalid"}, SuppressionReason.HARD_BOUNCE),
        ("dropped", {"reason": "Invalid SMTPAPI header"}, None),
        ("dropped", {"reason": "Spam Content"}, None),
        ("bounce", {"type": "blocked"}, None),
        ("deferred", {"response": "400 later"}, None),
        ("group_resubscribe", {}, None),
        ("delivered", {}, None),
    ],
)
def test_only_what_is_about_the_address_suppresses_it(
    session: Session, kind: str, fields: dict[str, str], reason: SuppressionReason | None
) -> None:
    delivery = a_delivery(session)

    record(session, an_event(delivery, kind, T0 + minutes(1), **fields))

    assert suppressed(session) == ({delivery.address_key: reason} if reason else {})


def test_a_refusal_and_a_bounce_are_facts_of_the_delivery(session: Session) -> None:
    delivery = a_delivery(session)

    record(
        session,
        an_event(delivery, "bounce", T0 + minutes(1), type="bounce"),
        an_event(delivery, "spamreport", T0 + minutes(2)),
    )

    session.refresh(delivery)
    assert (delivery.bounced_at, delivery.refused_at) == (T0 + minutes(1), T0 + minutes(2))


def test_the_earliest_suppression_stands_in_either_order(session: Session) -> None:
    delivery = a_delivery(session)

    record(session, an_event(delivery, "spamreport", T0 + minutes(9)))
    record(session, an_event(delivery, "unsubscribe", T0 + minutes(3)))
    record(session, an_event(delivery, "bounce", T0 + minutes(5), type="bounce"))

    [row] = session.exec(select(Suppression)).all()
    assert (row.reason, row.since) == (SuppressionReason.UNSUBSCRIBED, T0 + minutes(3))


@pytest.mark.parametrize("stamped", [T0 + days(1), T0 + days(4000)])
@pytest.mark.parametrize("by_page", [True, False])
def test_no_time_that_sendgrid_stamps_hides_a_mail_after_a_refusal(
    session: Session, stamped: datetime, by_page: bool
) -> None:
    lead = a_lead(session)
    first = a_delivery(session, lead)
    if by_page:
        refuse_mail(session, first.id or 0, T0 + days(2))
    late = T0 + days(40)
    if not by_page:
        record(session, an_event(first, "unsubscribe", stamped))
    a_delivery(session, lead, mail=a_mail(session), claimed_at=late)
    assert len(verify_ledger(session)["after_refusal"]) == 1

    read, _ = parse(posted(an_event(first, "unsubscribe", stamped)))
    record_mail_events(session, read, late + days(1))

    assert len(verify_ledger(session)["after_refusal"]) == 1


def test_undoing_a_call_cannot_give_back_an_address_that_refused_itself(session: Session) -> None:
    delivery = a_delivery(session)
    session.add(
        Suppression(
            address_key=delivery.address_key or "",
            reason=SuppressionReason.DO_NOT_MAIL,
            source="call",
            since=T0,
            call_id=7,
        )
    )
    session.flush()

    record(session, an_event(delivery, "unsubscribe", T0 + minutes(3)))

    [row] = session.exec(select(Suppression)).all()
    assert (row.call_id, row.reason, row.since) == (None, SuppressionReason.UNSUBSCRIBED, T0)


def test_a_late_bounce_without_ids_belongs_to_the_last_mail_before_it(session: Session) -> None:
    lead = a_lead(session)
    older = a_delivery(session, lead, claimed_at=T0 - days(30))
    last = a_delivery(session, lead, mail=a_mail(session), claimed_at=T0)
    a_delivery(session, lead, mail=a_mail(session), claimed_at=T0 + days(4))
    bounce = an_event(
        last, "bounce", T0 + days(2), type="bounce", cf_delivery=None, sg_message_id=""
    )

    record(session, bounce)

    session.refresh(last)
    session.refresh(older)
    assert (last.bounced_at, older.bounced_at) == (T0 + days(2), None)
    assert (last.state, last.confirmed_at) == (DeliveryState.ACCEPTED, None)


def test_an_event_without_our_id_is_found_by_message_and_address(session: Session) -> None:
    mail = a_mail(session)
    first, second = a_delivery(session, mail=mail), a_delivery(session, mail=mail)

    record(session, an_event(second, "delivered", T0 + minutes(1), cf_delivery=None))

    session.refresh(first)
    session.refresh(second)
    assert (first.delivered_at, second.delivered_at) == (None, T0 + minutes(1))


def test_a_click_of_another_systems_mail_is_nobodys(session: Session) -> None:
    delivery = a_delivery(session)
    click = an_event(
        delivery, "click", T0, cf_delivery=None, sg_message_id="foreign.1", useragent=PERSON
    )

    record(session, click)

    [event] = session.exec(select(MailEvent)).all()
    assert (event.delivery_id, event.lead_id) == (None, None)
    assert (event.verdict, event.verdict_reason) == (Verdict.UNSURE, verdicts.UNKNOWN_MAIL)


def test_a_strangers_event_is_stored_and_changes_no_delivery(
    session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    delivery = a_delivery(session)

    record(session, an_event(None, "delivered", T0, cf_delivery="nobody's"))

    session.refresh(delivery)
    assert delivery.state is DeliveryState.ACCEPTED
    assert "does not know" in caplog.text


@pytest.mark.parametrize("stamp", [-5, 0, int((LATER + days(2)).timestamp())])
def test_an_impossible_time_is_stored_and_moves_nothing(session: Session, stamp: int) -> None:
    delivery = a_delivery(session)
    opened = an_event(delivery, "open", T0, timestamp=stamp, useragent=PERSON)

    record(session, opened, an_event(delivery, "delivered", T0, timestamp=stamp))

    session.refresh(delivery)
    assert (delivery.state, delivery.delivered_at) == (DeliveryState.ACCEPTED, None)
    events = session.exec(select(MailEvent)).all()
    assert {event.verdict for event in events} == {None, Verdict.UNSURE}


def test_late_evidence_changes_a_verdict(session: Session) -> None:
    delivery = a_delivery(session)
    at = T0 + minutes(10)
    clicks = [
        an_event(delivery, "click", at, url=f"https://x.example/{link}", useragent=PERSON)
        for link in range(3)
    ]

    record(session, clicks[0])
    before = [event.verdict for event in session.exec(select(MailEvent))]
    record(session, clicks[1], clicks[2])
    session.expire_all()

    assert before == [Verdict.HUMAN]
    assert {event.verdict for event in session.exec(select(MailEvent))} == {Verdict.MACHINE}


def test_the_time_of_delivery_arriving_late_judges_again(session: Session) -> None:
    delivery = a_delivery(session)

    record(session, an_event(delivery, "click", T0 + minutes(1), url="u", useragent=PERSON))
    record(session, an_event(delivery, "delivered", T0 + minutes(1)))

    [click] = session.exec(select(MailEvent).where(MailEvent.kind == EventKind.CLICK)).all()
    session.refresh(click)
    assert (click.verdict, click.verdict_reason) == (Verdict.UNSURE, verdicts.TOO_SOON)


def test_what_the_database_refuses_is_set_aside_alone(any_session: Session) -> None:
    delivery = a_delivery(any_session)
    [good], _ = parse(posted(an_event(delivery, "open", T0, useragent=PERSON)))
    [poison], _ = parse(posted(an_event(delivery, "delivered", T0)))
    poison = _with(poison, url="\ud800")

    recorded = record_mail_events(any_session, [poison, good], LATER)

    assert recorded == Recorded(new=1, known=0, unreadable=1)
    assert [event.kind for event in any_session.exec(select(MailEvent))] == [EventKind.OPEN]
    assert [row.body for row in any_session.exec(select(Quarantine))] == [poison.raw.encode()]


def test_an_unreadable_event_is_kept_once(any_session: Session) -> None:
    for _ in range(3):
        assert record(any_session, {"event": "open"}).unreadable == 1

    [row] = any_session.exec(select(Quarantine)).all()
    assert (row.reason, row.body) == ("no timestamp", b'{"event": "open"}')


def _with(event: PostedEvent, **fields: Any) -> PostedEvent:
    values = {name: getattr(event, name) for name in PostedEvent.__slots__}
    return PostedEvent(**values | fields)
