"""What nobody answered is named, and time alone never sends anything again."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import select

from bot.errors import DeliveryUnsure
from bot.send_info_mail import send_due_mails
from bot.settle_deliveries import settle_deliveries
from models import Database, Delivery, MailEvent, MonthSlot
from models.enums import DeliveryState, EventKind
from tests.builders import T0
from tests.mail_world import Outbox, a_config, a_mail, many_leads

CONFIG = a_config()


@pytest.fixture
def database(any_database: Database) -> Database:
    """All of it on both kinds of database."""
    return any_database


@pytest.fixture
def left_behind(database: Database) -> Database:
    """One delivery whose process died between the claim and the answer."""

    def dies(body: object) -> None:
        raise SystemError("killed")

    with database.writing() as session:
        many_leads(session, 1)
        a_mail(session, CONFIG)
    with pytest.raises(SystemError):
        send_due_mails(database, Outbox(dies), CONFIG, lambda: T0)
    return database


def an_event(database: Database, at: datetime) -> None:
    with database.writing() as session:
        session.add(
            MailEvent(
                at=at, event_id="e", natural_key="n", kind=EventKind.OTHER, raw="{}", received_at=at
            )
        )


def settled(database: Database, after: timedelta) -> DeliveryState:
    with database.writing() as session:
        settle_deliveries(session, T0 + after)
        return session.exec(select(Delivery.state)).one()


@pytest.mark.parametrize(
    ("minutes", "state"),
    [(0, DeliveryState.SENDING), (2, DeliveryState.SENDING), (2.1, DeliveryState.UNKNOWN)],
)
def test_a_claim_without_answer_is_unknown_after_two_minutes(
    left_behind: Database, minutes: float, state: DeliveryState
) -> None:
    assert settled(left_behind, timedelta(minutes=minutes)) is state


@pytest.mark.parametrize(
    ("hours", "event_after", "state"),
    [
        (24.9, 1, DeliveryState.UNKNOWN),
        (25.1, 1, DeliveryState.UNCONFIRMED),
        (25.1, None, DeliveryState.UNKNOWN),
        (25.1, -1, DeliveryState.UNKNOWN),
        (25.1, 9999, DeliveryState.UNKNOWN),
        (72.9, None, DeliveryState.UNKNOWN),
        (73.1, None, DeliveryState.UNCONFIRMED),
    ],
)
def test_silence_counts_only_when_the_webhook_is_alive(
    left_behind: Database, hours: float, event_after: float | None, state: DeliveryState
) -> None:
    if event_after is not None:
        an_event(left_behind, T0 + timedelta(hours=event_after))

    settled(left_behind, timedelta(minutes=5))

    assert settled(left_behind, timedelta(hours=hours)) is state


def test_what_is_uncertain_is_never_sent_again_and_keeps_its_month(left_behind: Database) -> None:
    outbox = Outbox()
    for hours in (1, 26, 80):
        settled(left_behind, timedelta(hours=hours))
        send_due_mails(left_behind, outbox, CONFIG, lambda at=hours: T0 + timedelta(hours=at))

    assert outbox.bodies == []
    with left_behind.reading() as session:
        assert len(session.exec(select(MonthSlot)).all()) == 2


def test_a_lost_answer_is_settled_too(database: Database) -> None:
    def lost(body: object) -> None:
        raise DeliveryUnsure("no answer")

    with database.writing() as session:
        many_leads(session, 1)
        a_mail(session, CONFIG)
    send_due_mails(database, Outbox(lost), CONFIG, lambda: T0)

    assert settled(database, timedelta(hours=74)) is DeliveryState.UNCONFIRMED
