"""Record what SendGrid told us, and let deliveries, suppressions and verdicts follow from it.

All of it is one transaction of the caller's, so an answer of 200 means that it is stored. What
follows is a function of the set of events, never of their order, splitting or repetition.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from bot.mail_event_store import (
    DELIVERY,
    EVENT,
    SEEN,
    Known,
    Told,
    chunks,
    matched,
    set_aside,
    stored,
)
from bot.rules.delivery import moved, moved_with_batch
from bot.rules.delivery_facts import DeliveryFacts, folded, is_believable, suppression
from bot.rules.verdicts import ODD_TIME, Signal, judge
from bot.services.sendgrid_events import PostedEvent, Unreadable
from models import Suppression, table_of
from models.enums import DeliveryState, EventKind, SuppressionReason

log = logging.getLogger(__name__)

PROVED = "accepted: an event of the same request proves it"
IN_DOUBT = [state for state in DeliveryState if moved_with_batch(state) is not state]
SUPPRESSION = table_of(Suppression)

Refusal = tuple[datetime, str, str]  # since, reason, source


@dataclass(frozen=True)
class Recorded:
    """How many events were new, known already, and unreadable."""

    new: int
    known: int
    unreadable: int


def record_mail_events(
    session: Session,
    posts: Sequence[PostedEvent],
    now: datetime,
    *,
    unreadable: Sequence[Unreadable] = (),
) -> Recorded:
    """Store what is new and bring up to date what depends on it."""
    events = list({post.natural_key: post for post in reversed(posts)}.values())
    fresh, poison = stored(session, matched(session, events), now)
    believed = [(event, known) for event, known in fresh if is_believable(event.at, now)]
    delivered = _fold(session, believed)
    _suppress(session, fresh)
    _judge(session, delivered)
    set_aside(session, [*unreadable, *poison], now)
    _warn(fresh)
    refused = len(unreadable) + len(poison)
    return Recorded(len(fresh), len(posts) - len(poison) - len(fresh), refused)


def _fold(session: Session, told: Sequence[Told]) -> dict[int, datetime | None]:
    """Bring deliveries up to date; returns when those were delivered that must be judged anew."""
    about: dict[int, list[PostedEvent]] = defaultdict(list)
    before: dict[int, Known] = {}
    for event, known in told:
        if known:
            before[known.id] = known
            about[known.id].append(event)
    after = {id: _after(known, about[id]) for id, known in before.items()}
    changed = [id for id, known in before.items() if after[id] != known]
    _update(session, DELIVERY, [_changes(before[id], after[id]) for id in changed])
    proved = [id for id in changed if after[id].facts.confirmed_at != before[id].facts.confirmed_at]
    _prove_batches(session, {batch for id in proved if (batch := before[id].batch)})
    return {
        id: after[id].facts.delivered_at
        for id, known in before.items()
        if after[id].facts.delivered_at != known.facts.delivered_at
        or any(event.kind in SEEN for event in about[id])
    }


def _after(known: Known, events: Sequence[PostedEvent]) -> Known:
    """The delivery after these events. Confirmed, it is so since the earliest with its id.

    Without a request of ours (its claim was given back) that is also when it counts as claimed.
    """
    facts, state = known.facts, known.state
    for event in events:
        ours = bool(event.our_id)
        facts = folded(facts, event.kind, event.at, ours=ours)
        state = moved(state, event.kind) if ours else state
    if facts.confirmed_at is None or facts.confirmed_at == known.facts.confirmed_at:
        return replace(known, facts=facts)
    since = facts.confirmed_at
    claimed_at = since if known.batch is None else known.claimed_at
    return replace(
        known, facts=facts, state=state, state_at=since, claimed_at=claimed_at, detail=""
    )


def _changes(before: Known, after: Known) -> dict[str, Any]:
    """The row's id and what is new in it."""
    changes: dict[str, Any] = {"id": after.id}
    for old, new, fields in (
        (before, after, ("state", "state_at", "claimed_at", "detail")),
        (before.facts, after.facts, DeliveryFacts.__slots__),
    ):
        for name in fields:
            if (value := getattr(new, name)) != getattr(old, name):
                changes[name] = value
    return changes


def _update(session: Session, table: sa.Table, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write what each row says by its id."""
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        alike[tuple(row)].append({f"new_{name}": value for name, value in row.items()})
    for fields, values in alike.items():
        news: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in fields[1:]}
        statement = sa.update(table).where(table.c.id == sa.bindparam("new_id")).values(news)
        session.connection().execute(statement, values)


def _prove_batches(session: Session, batches: set[str]) -> None:
    """SendGrid takes a request whole: whatever of it was in doubt is accepted."""
    of = DELIVERY.c
    for chunk in chunks(sorted(batches)):
        earliest = sa.func.min(of.confirmed_at)
        query = sa.select(of.batch, earliest).where(of.batch.in_(chunk)).group_by(of.batch)
        for batch, since in session.connection().execute(query).all():
            proved_later = sa.and_(
                of.state == DeliveryState.ACCEPTED, of.detail == PROVED, of.state_at > since
            )
            session.connection().execute(
                sa.update(DELIVERY)
                .where(of.batch == batch, sa.or_(of.state.in_(IN_DOUBT), proved_later))
                .values(state=DeliveryState.ACCEPTED, state_at=since, detail=PROVED)
            )


def _suppress(session: Session, told: Sequence[Told]) -> None:
    """Forbid the addresses that events forbid; of several reasons the earliest stands."""
    wanted: dict[str, Refusal] = {}
    for event, known in told:
        key = (known and known.address_key) or event.address_key
        reason = suppression(event.kind, event.detail)
        if key and reason:
            refusal = (event.at, reason.value, f"sendgrid:{event.kind}")
            wanted[key] = min(refusal, wanted.get(key, refusal))
    for chunk in chunks(sorted(wanted)):
        query = sa.select(Suppression).where(SUPPRESSION.c.address_key.in_(chunk))
        standing = {row.address_key: row for row in session.execute(query).scalars()}
        for key in chunk:
            _suppress_one(session, key, wanted[key], standing.get(key))
    session.flush()


def _suppress_one(
    session: Session, key: str, refusal: Refusal, standing: Suppression | None
) -> None:
    """An address forbidden by a logged call is now forbidden by itself: undoing the call must
    not give it back. What a person or our page forbade was known before SendGrid told us: it stays.
    """
    since, reason, source = refusal
    if standing is None:
        standing = Suppression(
            address_key=key, reason=SuppressionReason(reason), source=source, since=since
        )
        session.add(standing)
    elif standing.call_id is not None or _is_overruled(standing, refusal):
        standing.reason, standing.source = SuppressionReason(reason), source
        standing.since = min(since, standing.since)
        standing.call_id = None


def _is_overruled(standing: Suppression, refusal: Refusal) -> bool:
    told_before = standing.source.startswith("sendgrid:")
    return told_before and refusal < (standing.since, standing.reason.value, standing.source)


def _judge(session: Session, delivered: Mapping[int, datetime | None]) -> None:
    """Judge all opens and clicks of these deliveries again; late evidence changes verdicts."""
    signals: dict[int, list[Signal]] = defaultdict(list)
    standing: dict[int, tuple[Any, str]] = {}
    for delivery, signal, verdict in _signals(session, list(delivered)):
        signals[delivery].append(signal)
        standing[signal.id] = verdict
    revised = [
        {"id": id, "verdict": verdict, "verdict_reason": reason}
        for delivery, found in signals.items()
        for id, (verdict, reason) in judge(found, delivered[delivery]).items()
        if (verdict, reason) != standing[id]
    ]
    _update(session, EVENT, revised)


def _signals(
    session: Session, deliveries: Sequence[int]
) -> Iterator[tuple[int, Signal, tuple[Any, str]]]:
    """The opens and clicks of these deliveries with their standing verdict."""
    fields = [EVENT.c[name] for name in Signal.__slots__]
    for chunk in chunks(deliveries):
        query = (
            sa.select(EVENT.c.delivery_id, EVENT.c.verdict, EVENT.c.verdict_reason, *fields)
            .where(EVENT.c.delivery_id.in_(chunk), EVENT.c.kind.in_(SEEN))
            .where(EVENT.c.verdict_reason != ODD_TIME)
        )
        for delivery, verdict, reason, *signal in session.connection().execute(query):
            yield delivery, Signal(*signal), (verdict, reason)


def _warn(told: Sequence[Told]) -> None:
    """Tell the log what a person should look at."""
    strangers = sum(known is None and bool(event.our_id) for event, known in told)
    if strangers:
        log.error("%d events carry an id of ours that this database does not know", strangers)
    for event, _ in told:
        if "account_status_change" in event.raw and event.kind is EventKind.OTHER:
            log.error("SendGrid changed the account's status: %s", event.detail)
