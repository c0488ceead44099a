"""The proof finds every broken promise, from the deliveries alone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from bot.verify_ledger import verify_ledger
from models import Delivery, InfoMail, MailEvent, MonthSlot, Suppression
from models.enums import (
    DeliveryState,
    EventKind,
    Language,
    MailKind,
    MailState,
    SkipReason,
    SuppressionReason,
)
from tests.builders import T0, a_lead, days

FIRST_IN_TOKYO = datetime(2026, 10, 31, 15, 30, tzinfo=UTC)  # 1 November there
LAST_IN_TOKYO = datetime(2026, 11, 30, 14, 0, tzinfo=UTC)

COLUMNS = Delivery.__table__.columns
PROMISES = ("doubled", "over_cap", "after_refusal", "without_state")


@pytest.fixture
def session(any_session: Session) -> Session:
    """All of it on both kinds of database."""
    return any_session


def a_sent_mail(session: Session) -> InfoMail:
    mail = InfoMail(
        kind=MailKind.CASE_STUDY,
        subject="件名",
        body="本文",
        language=Language.JA,
        classes=["E"],
        state=MailState.SENT,
        created_at=T0,
    )
    session.add(mail)
    session.flush()
    return mail


def a_delivery(session: Session, mail: InfoMail, lead: Any, **fields: Any) -> Delivery:
    number = session.scalar(sa.select(sa.func.count()).select_from(Delivery))
    given: dict[str, Any] = {
        "public_id": f"{number:032x}",
        "mail_id": mail.id,
        "lead_id": lead.id,
        "email": lead.email,
        "address_key": lead.email_key,
        "state": DeliveryState.ACCEPTED,
        "batch": "batch",
        "claimed_at": T0,
        "state_at": T0,
    }
    delivery = Delivery(**given | fields)
    session.add(delivery)
    session.flush()
    return delivery


def broken(session: Session, **settings: Any) -> list[str]:
    proof = verify_ledger(session, **settings)
    found = [promise for promise in PROMISES if proof[promise]]
    assert proof["ok"] == (not found)
    return found


def test_an_empty_ledger_is_fine(session: Session) -> None:
    assert verify_ledger(session) == {
        "ok": True,
        **{name: [] for name in (*PROMISES, "unsure")},
    }


def test_a_mail_a_month_is_fine(session: Session) -> None:
    lead = a_lead(session)
    for month in range(3):
        a_delivery(session, a_sent_mail(session), lead, claimed_at=T0 + days(31 * month))

    assert broken(session) == []


def test_a_mail_that_sendgrid_took_twice_is_found(session: Session) -> None:
    lead, mail = a_lead(session), a_sent_mail(session)
    first = a_delivery(session, mail, lead)
    for number, second in enumerate((0, 90)):
        session.add(
            MailEvent(
                at=T0 + timedelta(seconds=second),
                event_id=f"e{number}",
                natural_key=f"n{number}",
                kind=EventKind.PROCESSED,
                delivery_id=first.id,
                lead_id=lead.id,
                raw="{}",
                received_at=T0,
            )
        )
    session.flush()

    assert broken(session) == ["doubled"]


def test_two_leads_with_one_address_in_one_mailing_are_found(session: Session) -> None:
    cascade = " CASCADE" if session.get_bind().dialect.name == "postgresql" else ""
    session.connection().execute(sa.text(f"DROP TABLE delivery{cascade}"))
    types = {column.name: column.type.compile(session.get_bind().dialect) for column in COLUMNS}
    columns = ", ".join(f"{name} {kind}" for name, kind in types.items())
    session.connection().execute(sa.text(f"CREATE TABLE delivery ({columns})"))
    one, two, mail = a_lead(session), a_lead(session), a_sent_mail(session)
    a_delivery(session, mail, one, id=1)
    a_delivery(session, mail, two, id=2, address_key=one.email_key)

    proof = verify_ledger(session)

    assert [(row["counted_by"], row["who"], row["times"]) for row in proof["doubled"]] == [
        ("address", one.email_key, 2)
    ]
    assert proof["over_cap"]


@pytest.mark.parametrize(
    ("first", "second", "settings", "is_broken"),
    [
        (T0, T0 + days(3), {}, True),
        (T0, T0 + days(20.9), {}, True),
        (T0, T0 + days(21), {}, False),
        (FIRST_IN_TOKYO, LAST_IN_TOKYO, {}, True),
        (FIRST_IN_TOKYO, LAST_IN_TOKYO, {"zone": "UTC"}, False),
        (T0, T0 + days(8), {"gap": days(7)}, False),
        (T0, T0 + days(3), {"gap": days(0)}, True),
    ],
)
def test_more_than_one_in_a_month_or_gap_is_found_whatever_the_slots_say(
    session: Session, first: datetime, second: datetime, settings: dict[str, Any], is_broken: bool
) -> None:
    lead = a_lead(session)
    a_delivery(session, a_sent_mail(session), lead, claimed_at=first)
    a_delivery(session, a_sent_mail(session), lead, claimed_at=second)
    session.add(MonthSlot(key="lead:1", period="2026-11", delivery_id=1, claimed_at=T0))

    assert broken(session, **settings) == (["over_cap"] if is_broken else [])


def test_one_address_of_two_leads_is_capped_as_one(session: Session) -> None:
    one, two = a_lead(session), a_lead(session)
    a_delivery(session, a_sent_mail(session), one)
    a_delivery(session, a_sent_mail(session), two, address_key=one.email_key)

    assert broken(session) == ["over_cap"]


@pytest.mark.parametrize("state", [DeliveryState.REJECTED, DeliveryState.SKIPPED])
def test_what_certainly_was_not_sent_does_not_count(session: Session, state: DeliveryState) -> None:
    lead = a_lead(session)
    a_delivery(session, a_sent_mail(session), lead)
    a_delivery(
        session,
        a_sent_mail(session),
        lead,
        state=state,
        reason=SkipReason.SLOT_TAKEN,
        detail="400",
    )

    assert broken(session) == []


@pytest.mark.parametrize(("seconds", "is_broken"), [(1, True), (0, False), (-1, False)])
def test_a_claim_after_a_refusal_is_found(session: Session, seconds: int, is_broken: bool) -> None:
    lead = a_lead(session)
    session.add(
        Suppression(
            address_key=lead.email_key,
            reason=SuppressionReason.UNSUBSCRIBED,
            source="test",
            since=T0,
        )
    )
    a_delivery(session, a_sent_mail(session), lead, claimed_at=T0 + timedelta(seconds=seconds))

    assert broken(session) == (["after_refusal"] if is_broken else [])


@pytest.mark.parametrize(("minutes", "is_broken"), [(59, False), (61, True)])
def test_a_refusal_told_by_sendgrid_counts_from_when_we_hear_of_it(
    session: Session, minutes: int, is_broken: bool
) -> None:
    lead = a_lead(session)
    first = a_delivery(session, a_sent_mail(session), lead, claimed_at=T0 - days(60))
    session.add(
        MailEvent(
            at=T0,
            event_id="e",
            natural_key="n",
            kind=EventKind.SPAM_REPORT,
            delivery_id=first.id,
            lead_id=lead.id,
            raw="{}",
            received_at=T0 + timedelta(minutes=60),
        )
    )
    session.add(
        Suppression(
            address_key=lead.email_key,
            reason=SuppressionReason.COMPLAINT,
            source="sendgrid:spamreport",
            since=T0,
        )
    )
    a_delivery(session, a_sent_mail(session), lead, claimed_at=T0 + timedelta(minutes=minutes))

    assert broken(session) == (["after_refusal"] if is_broken else [])


@pytest.mark.parametrize(
    "fields",
    [
        {"state": DeliveryState.PLANNED},
        {"state": DeliveryState.SKIPPED},
        {"state": DeliveryState.REJECTED},
        {"claimed_at": None},
        {"batch": None},
    ],
)
def test_a_delivery_without_a_true_state_is_found(session: Session, fields: dict[str, Any]) -> None:
    a_delivery(session, a_sent_mail(session), a_lead(session), **fields)

    assert broken(session) == ["without_state"]


def test_a_mail_without_a_claim_is_found_beside_others(session: Session) -> None:
    lead = a_lead(session)
    a_delivery(session, a_sent_mail(session), lead)
    a_delivery(session, a_sent_mail(session), lead, claimed_at=None)

    assert broken(session) == ["without_state"]


def test_a_word_that_is_no_state_is_found(session: Session) -> None:
    a_delivery(session, a_sent_mail(session), a_lead(session))
    session.connection().execute(sa.text("UPDATE delivery SET state = 'gone'"))

    assert broken(session) == ["without_state"]


@pytest.mark.parametrize("state", [DeliveryState.SENDING, DeliveryState.UNKNOWN])
def test_what_is_not_certain_is_named_and_breaks_nothing(
    session: Session, state: DeliveryState
) -> None:
    lead = a_lead(session, "山田 太郎")
    delivery = a_delivery(session, a_sent_mail(session), lead, state=state)

    proof = verify_ledger(session)

    assert proof["ok"]
    named = [(row["delivery"], row["name"], row["address"]) for row in proof["unsure"]]
    assert named == [(delivery.id, "山田 太郎", lead.email)]
