"""Record what SendGrid told us, and let deliveries, suppressions and verdicts follow from it.

All of it is one transaction of the caller's, so an answer of 200 means that it is stored. What
follows is a function of the set of events, never of their order, splitting or repetition.
"""

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
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
from bot.rules.delivery_facts import folded, is_believable, suppression
from bot.rules.verdicts import ODD_TIME, Signal, judge
from bot.services.sendgrid_events import PostedEvent, Unreadable
from models import Suppression
from models.enums import DeliveryState, EventKind, SuppressionReason

log = logging.getLogger(__name__)

PROVED = "accepted: an event of the same request proves it"
IN_DOUBT = [state for state in DeliveryState if moved_with_batch(state) is not state]
SUPPRESSION: sa.Table = sa.inspect(Suppression).local_table

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
    public_url: str = "",
) -> Recorded:
    """Store what is new and bring up to date what depends on it.

    Clicks on our own pages under `public_url` are stored with `detail` "unsubscribe_link" or
    "survey_link", so that who weighs reactions can leave them out.
    """
    events = list({post.natural_key: post for post in reversed(posts)}.values())
    fresh, poison = stored(session, matched(session, events), now, public_url)
    believed = [(event, known) for event, known in fresh if is_believable(event.at, now)]
    delivered = _fold(session, believed)
    _suppress(session, fresh)
    seen = {known.id for event, known in believed if known and event.kind in SEEN}
    _judge(session, seen | delivered)
    set_aside(session, [*unreadable, *poison], now)
    _warn(fresh)
    refused = len(unreadable) + len(poison)
    return Recorded(len(fresh), len(posts) - len(poison) - len(fresh), refused)


def _fold(session: Session, told: Sequence[Told]) -> set[int]:
    """Bring deliveries up to date; returns those whose time of delivery is new."""
    before = {known.id: known for _, known in told if known}
    facts = {id: known.facts for id, known in before.items()}
    for event, known in told:
        if known:
            ours = bool(event.our_id)
            facts[known.id] = folded(facts[known.id], event.kind, event.at, ours=ours)
    changed = [known for id, known in before.items() if facts[id] != known.facts]
    _update(session, DELIVERY, [_news(known) | asdict(facts[known.id]) for known in changed])
    proved = [known for known in changed if facts[known.id].confirmed_at != known.facts.confirmed_at]
    _confirm(session, [(known, facts[known.id].confirmed_at) for known in proved])
    _prove_batches(session, {known.batch for known in proved if known.batch})
    return {
        known.id for known in changed if facts[known.id].delivered_at != known.facts.delivered_at
    }
