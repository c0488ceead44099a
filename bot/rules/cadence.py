"""Whether a lead may get an info mail now: lawful, wanted, and not too often."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from models.enums import Basis, CallState, MailKind, SkipReason

# One sales-flavoured mail among three that only inform: more, and people stop reading.
PRODUCT_NEWS_WINDOW = 4
# Whoever left the company is not there to read it; the address may be someone else's by now.
INACTIVE = frozenset({CallState.LEFT_COMPANY})


@dataclass(frozen=True)
class Cadence:
    """How often at most: once a calendar month of `zone`, and `gap` apart."""

    zone: ZoneInfo
    gap: timedelta = timedelta(days=21)

    def period(self, moment: datetime) -> str:
        """The calendar month of a moment, as "2026-11"."""
        return moment.astimezone(self.zone).strftime("%Y-%m")

    def since(self, now: datetime) -> datetime:
        """Claims before this moment forbid nothing any more."""
        return now - max(self.gap, timedelta(days=31))


@dataclass(frozen=True)
class MailFacts:
    """Everything the decision may look at.

    `last_mailed_at` is the latest claim for this lead or this address that may have reached it;
    `recent_kinds` are the kinds of the lead's latest mails, newest first.
    """

    address: str | None
    basis: Basis | None
    suppressed: bool
    call_state: CallState
    kind: MailKind
    last_mailed_at: datetime | None = None
    recent_kinds: tuple[MailKind, ...] = ()


def may_mail(facts: MailFacts, now: datetime, cadence: Cadence) -> SkipReason | None:
    """Why this lead must not be mailed now, the gravest reason first; None when it may be."""
    if not facts.address:
        return SkipReason.NO_ADDRESS
    if facts.suppressed:
        return SkipReason.SUPPRESSED
    if facts.basis is None:
        return SkipReason.NO_BASIS
    if facts.call_state in INACTIVE:
        return SkipReason.INACTIVE
    if facts.kind is MailKind.PRODUCT_NEWS and _had_product_news(facts):
        return SkipReason.PRODUCT_NEWS_CAP
    return _too_often(facts.last_mailed_at, now, cadence)


def again_on(last_mailed_at: datetime | None, now: datetime, cadence: Cadence) -> date | None:
    """The first local date on which neither the month nor the gap forbids a mail; None: today."""
    if _too_often(last_mailed_at, now, cadence) is None or last_mailed_at is None:
        return None
    last = last_mailed_at.astimezone(cadence.zone)
    next_month = (last.date().replace(day=1) + timedelta(days=32)).replace(day=1)
    after_gap = last + cadence.gap
    whole_day = timedelta(days=0 if after_gap.time() == after_gap.time().min else 1)
    return max(next_month, after_gap.date() + whole_day)


def _had_product_news(facts: MailFacts) -> bool:
    return MailKind.PRODUCT_NEWS in facts.recent_kinds[: PRODUCT_NEWS_WINDOW - 1]


def _too_often(last: datetime | None, now: datetime, cadence: Cadence) -> SkipReason | None:
    if last is None:
        return None
    if cadence.period(last) == cadence.period(now):
        return SkipReason.SLOT_TAKEN
    return SkipReason.TOO_SOON if now - last < cadence.gap else None
