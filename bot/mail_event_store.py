"""Where webhook events go: which delivery each is about, and each of them once."""

import hashlib
import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from bot.rules.delivery_facts import DeliveryFacts, is_believable
from bot.rules.verdicts import ODD_TIME, UNKNOWN_MAIL
from bot.services.sendgrid_events import PostedEvent, Unreadable
from models import Delivery, MailEvent, Quarantine, table_of
from models.enums import DeliveryState, EventKind, Verdict

log = logging.getLogger(__name__)

SEEN = (EventKind.OPEN, EventKind.CLICK)
CHUNK = 1000  # values in one IN (...); SQLite takes 32,766 in one statement

DELIVERY, EVENT, QUARANTINE = table_of(Delivery), table_of(MailEvent), table_of(Quarantine)


@dataclass(frozen=True, slots=True)
class Known:
    """A delivery as it stood before the events."""

    id: int
    public_id: str
    lead_id: int
    address_key: str | None
    batch: str | None
    message_id: str | None
    claimed_at: datetime | None
    state: DeliveryState
    state_at: datetime
    detail: str
    facts: DeliveryFacts


Told = tuple[PostedEvent, Known | None]  # an event and the delivery it is about


def matched(session: Session, events: Sequence[PostedEvent]) -> list[Told]:
    """Each event with its delivery.

    By our own id; else by SendGrid's message id and the address; else, for what comes late
    without any id (bounces, complaints), the last mail that went to the address before it.
    """
    by_id = {known.public_id: known for known in _find(session, events, "our_id", "public_id")}
    rest = [event for event in events if not event.our_id]
    by_message = _by_message(_find(session, rest, "message_id", "message_id"))
    lost = [event for event in rest if not event.message_id and event.kind not in SEEN]
    by_address: dict[str | None, list[Known]] = defaultdict(list)
    for known in _find(session, lost, "address_key", "address_key"):
        by_address[known.address_key].append(known)

    def match(event: PostedEvent) -> Known | None:
        if event.our_id:
            return by_id.get(event.our_id)
        if event.message_id:
            return by_message.get((event.message_id, event.address_key))
        if event.kind in SEEN:  # perhaps of another system's mail
            return None
        return _last_before(event.at, by_address.get(event.address_key, []))

    return [(event, match(event)) for event in events]


def _find(
    session: Session, events: Iterable[PostedEvent], name: str, column: str
) -> Iterator[Known]:
    """The deliveries whose `column` is the `name` of one of the events."""
    wanted = {value for event in events if (value := getattr(event, name))}
    own = [DELIVERY.c[field] for field in Known.__slots__ if field != "facts"]
    facts = [DELIVERY.c[field] for field in DeliveryFacts.__slots__]
    for chunk in chunks(sorted(wanted)):
        query = sa.select(*own, *facts).where(DELIVERY.c[column].in_(chunk))
        for row in session.connection().execute(query):
            values: list[Any] = [*row[: len(own)], DeliveryFacts(*row[len(own) :])]
            yield Known(*values)


def _by_message(found: Iterable[Known]) -> dict[tuple[str, str], Known]:
    """By message id and address; a request to one address is also found without the address."""
    requests: dict[str, list[Known]] = defaultdict(list)
    for known in found:
        requests[known.message_id or ""].append(known)
    by_message = {}
    for message_id, sent in requests.items():
        if len(sent) == 1:
            by_message[message_id, ""] = sent[0]
        by_message |= {(message_id, known.address_key or ""): known for known in sent}
    return by_message


def _last_before(at: datetime, deliveries: Sequence[Known]) -> Known | None:
    claimed = [
        (known.claimed_at, known.id, known)
        for known in deliveries
        if known.claimed_at and known.claimed_at <= at
    ]
    return max(claimed)[2] if claimed else None


def stored(
    session: Session, told: Sequence[Told], now: datetime
) -> tuple[list[Told], list[Unreadable]]:
    """Store the events; return those that were new, and those the database itself refused."""
    rows = [_row(event, known, now) for event, known in told]
    poison: list[Unreadable] = []
    try:
        with session.begin_nested():
            new = _insert(session, rows)
    except sa.exc.OperationalError:
        raise  # the database is busy or full: none of the events is to blame
    except (sa.exc.DBAPIError, ValueError, OverflowError):
        new, poison = _insert_one_by_one(session, rows)
    return [pair for pair in told if pair[0].natural_key in new], poison


def _row(event: PostedEvent, known: Known | None, now: datetime) -> dict[str, Any]:
    verdict, reason = _first_verdict(event, known, now)
    return {
        "at": event.at,
        "event_id": event.event_id,
        "natural_key": event.natural_key,
        "kind": event.kind,
        "delivery_id": known.id if known else None,
        "lead_id": known.lead_id if known else None,
        "address_key": event.address_key,
        "url": event.url,
        "ip": event.ip,
        "user_agent": event.user_agent,
        "machine_flag": event.machine_flag,
        "detail": event.detail,
        "raw": event.raw,
        "received_at": now,
        "verdict": verdict,
        "verdict_reason": reason,
    }


def _first_verdict(
    event: PostedEvent, known: Known | None, now: datetime
) -> tuple[Verdict | None, str]:
    """What can be said of an open or a click without looking at the delivery's others."""
    if event.kind not in SEEN:
        return None, ""
    if not is_believable(event.at, now):
        return Verdict.UNSURE, ODD_TIME
    return (None, "") if known else (Verdict.UNSURE, UNKNOWN_MAIL)


def _insert(session: Session, rows: Sequence[dict[str, Any]]) -> set[str]:
    """The natural keys of the rows that were new."""
    if not rows:
        return set()
    insert = insert_or_ignore(session, EVENT).returning(EVENT.c.natural_key)
    return set(session.connection().execute(insert, rows).scalars())


def _insert_one_by_one(
    session: Session, rows: Iterable[dict[str, Any]]
) -> tuple[set[str], list[Unreadable]]:
    """For when the database refuses something that could be read: only that is set aside."""
    new: set[str] = set()
    poison = []
    for row in rows:
        try:
            with session.begin_nested():
                new |= _insert(session, [row])
        except (sa.exc.DBAPIError, ValueError, OverflowError) as error:
            body = row["raw"].encode("utf-8", "backslashreplace")
            poison.append(Unreadable(f"the database refused it: {type(error).__name__}", body))
    return new, poison


def set_aside(session: Session, unreadable: Sequence[Unreadable], now: datetime) -> None:
    """Keep what cannot be read, each once: sent again, it is known."""
    if not unreadable:
        return
    rows = [
        {
            "digest": hashlib.sha256(found.body).hexdigest(),
            "received_at": now,
            "reason": found.reason,
            "body": found.body,
        }
        for found in unreadable
    ]
    session.connection().execute(insert_or_ignore(session, QUARANTINE), rows)
    log.error("%d unreadable webhook events set aside, the first: %s", len(rows), rows[0]["reason"])


def insert_or_ignore(session: Session, table: sa.Table) -> Any:
    """INSERT … ON CONFLICT DO NOTHING in the database's own dialect."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    return dialect.insert(table).on_conflict_do_nothing()


def chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]
