"""What events say about a delivery and its address, whatever their order and number.

Every fact is the earliest moment of its kind, so folding is commutative and idempotent.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from models.enums import EventKind, SuppressionReason

# SendGrid did not exist before; an earlier time is a broken one.
EARLIEST = datetime(2009, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=1)  # clocks differ by less

REFUSALS = frozenset({EventKind.SPAM_REPORT, EventKind.UNSUBSCRIBE, EventKind.GROUP_UNSUBSCRIBE})

SUPPRESSED_BY = {
    EventKind.SPAM_REPORT: SuppressionReason.COMPLAINT,
    EventKind.UNSUBSCRIBE: SuppressionReason.UNSUBSCRIBED,
    EventKind.GROUP_UNSUBSCRIBE: SuppressionReason.UNSUBSCRIBED,
    EventKind.BOUNCE: SuppressionReason.HARD_BOUNCE,
}
# SendGrid's reasons for dropping a mail that are about its address; the others are about our
# request ("Invalid SMTPAPI header"), the text or the account.
DROPPED_FOR = {
    "unsubscribed address": SuppressionReason.UNSUBSCRIBED,
    "spam reporting address": SuppressionReason.COMPLAINT,
    "bounced address": SuppressionReason.HARD_BOUNCE,
    "invalid": SuppressionReason.HARD_BOUNCE,
    "invalid address": SuppressionReason.HARD_BOUNCE,
}


@dataclass(frozen=True, slots=True)
class DeliveryFacts:
    """The earliest moments of what became of a delivery."""

    confirmed_at: datetime | None = None
    delivered_at: datetime | None = None
    bounced_at: datetime | None = None
    refused_at: datetime | None = None


def is_believable(at: datetime, now: datetime) -> bool:
    """Whether an event's time can be true; one that cannot is kept but moves nothing."""
    return EARLIEST <= at <= now + AHEAD


def folded(facts: DeliveryFacts, kind: EventKind, at: datetime, *, ours: bool) -> DeliveryFacts:
    """The facts with one more event; `ours` when it carries the delivery's own id."""
    if ours:
        facts = replace(facts, confirmed_at=earliest(facts.confirmed_at, at))
    if kind is EventKind.DELIVERED:
        return replace(facts, delivered_at=earliest(facts.delivered_at, at))
    if kind is EventKind.BOUNCE:
        return replace(facts, bounced_at=earliest(facts.bounced_at, at))
    if kind in REFUSALS:
        return replace(facts, refused_at=earliest(facts.refused_at, at))
    return facts


def suppression(kind: EventKind, detail: str) -> SuppressionReason | None:
    """Why an event forbids its address for good, or None.

    A refused mail (`blocked`, `deferred`) is about the sender or the moment and forbids nothing.
    `group_resubscribe` gives nothing back: only a person's recorded word does.
    """
    if kind is EventKind.DROPPED:
        return DROPPED_FOR.get(detail.strip().lower())
    return SUPPRESSED_BY.get(kind)


def earliest(known: datetime | None, at: datetime) -> datetime:
    return at if known is None or at < known else known
