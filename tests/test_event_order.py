"""What follows from events depends on their set: not on order, splitting or copies."""

import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import SQLModel

from bot.record_mail_events import record_mail_events
from bot.services.sendgrid_events import parse
from models import Database, Delivery
from models.enums import DeliveryState
from tests.builders import T0, a_lead, days
from tests.signals import OTHER_PERSON, PERSON, a_delivery, a_mail, an_event, contents, posted

LATER = T0 + days(5)


KINDS: list[tuple[str, dict[str, Any]]] = [
    ("processed", {}),
    ("delivered", {}),
    ("deferred", {"attempt": "2", "response": "400"}),
    ("bounce", {"type": "bounce", "reason": "550"}),
    ("bounce", {"type": "blocked"}),
    ("dropped", {"reason": "Bounced Address"}),
    ("spamreport", {}),
    ("unsubscribe", {}),
    ("group_unsubscribe", {}),
    ("group_resubscribe", {}),
    ("open", {"sg_machine_open": True}),
    ("open", {}),
    ("click", {}),
    ("click", {}),
    ("click", {}),
    ("something_new", {}),
]
HOW_FOUND: list[dict[str, Any]] = [
    {},
    {},
    {},
    {"cf_delivery": None},
    {"cf_delivery": None, "sg_message_id": ""},
    {"cf_delivery": "of another database"},
]


def events_about(deliveries: Sequence[Delivery]) -> st.SearchStrategy[dict[str, Any]]:
    def build(
        delivery: Delivery,
        kind: tuple[str, dict[str, Any]],
        second: int,
        found: dict[str, Any],
        link: int,
        who: tuple[str, str],
    ) -> dict[str, Any]:
        seen = {"url": f"https://x.example/{link}", "ip": who[0], "useragent": who[1]}
        fields = kind[1] | found | (seen if kind[0] in ("open", "click") else {})
        return an_event(delivery, kind[0], T0 + timedelta(seconds=second), **fields)

    return st.builds(
        build,
        st.sampled_from(deliveries),
        st.sampled_from(KINDS),
        st.integers(0, 12) | st.integers(0, 5000),
        st.sampled_from(HOW_FOUND),
        st.integers(1, 4),
        st.sampled_from([("192.0.2.1", PERSON), ("198.51.100.9", OTHER_PERSON), ("", "")]),
    )


def a_world(database: Database) -> list[Delivery]:
    """Two requests of two mails, some of it in doubt, and two mails to one lead."""
    with database.writing() as session:
        leads = [a_lead(session, f"Lead {number}") for number in range(3)]
        mails = [a_mail(session), a_mail(session)]
        rows = [
            a_delivery(session, leads[0], mail=mails[0]),
            a_delivery(session, leads[1], mail=mails[0], state=DeliveryState.UNKNOWN),
            a_delivery(
                session,
                leads[2],
                mail=mails[0],
                state=DeliveryState.UNCONFIRMED,
                batch="batch-2",
                message_id=None,
                detail="timed out",
            ),
            a_delivery(
                session,
                leads[1],
                mail=mails[1],
                state=DeliveryState.SENDING,
                batch="batch-3",
                message_id="mid3",
                claimed_at=T0 + timedelta(minutes=30),
            ),
            a_delivery(
                session, leads[0], mail=mails[1], state=DeliveryState.REJECTED, batch="batch-2"
            ),
        ]
        for row in rows:
            session.refresh(row)
            session.expunge(row)
        return rows


class World:
    """One database for all examples: its rows are put back, as making tables is the slow part."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.deliveries = a_world(database)
        columns = SQLModel.metadata.tables["delivery"].c.keys()
        self._before = [{name: getattr(row, name) for name in columns} for row in self.deliveries]

    def after(self, posts: Iterable[list[dict[str, Any]]], without: tuple[str, ...]) -> Any:
        """All that is stored when these posts, one transaction each, are all that ever came."""
        with self.database.writing() as session:
            for name in ("mailevent", "suppression", "quarantine", "delivery"):
                session.connection().execute(SQLModel.metadata.tables[name].delete())
            session.connection().execute(
                SQLModel.metadata.tables["delivery"].insert(), self._before
            )
        for post in posts:
            with self.database.writing() as session:
                events, _ = parse(posted(*post))
                record_mail_events(session, events, LATER)
        return contents(self.database, without)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('world')}/callfirst.db")
    SQLModel.metadata.create_all(database.engine)
    yield World(database)
    database.dispose()


def posts_of(
    events: list[dict[str, Any]], chance: random.Random, changed_ids: bool
) -> Iterator[list[dict[str, Any]]]:
    """The events in any order, each one to three times, split anyhow."""
    copies = [event for event in events for _ in range(chance.randint(1, 3))]
    if changed_ids:
        copies = events + [
            event | {"sg_event_id": f"changed {number}"} for number, event in enumerate(copies)
        ]
    chance.shuffle(copies)
    while copies:
        size = chance.randint(1, 6)
        yield copies[:size]
        copies = copies[size:]


@settings(max_examples=150, deadline=None)
@given(data=st.data(), chance=st.randoms(use_true_random=False), changed=st.booleans())
def test_order_splitting_and_copies_change_nothing(
    world: World, data: st.DataObject, chance: random.Random, changed: bool
) -> None:
    events = data.draw(st.lists(events_about(world.deliveries), max_size=14))
    # of copies whose id was changed, the id and the bytes of the first to come are kept
    without = ("event_id", "raw") if changed else ()

    plain = world.after([events], without)
    mixed = world.after(posts_of(events, chance, changed), without)

    assert plain == mixed
