"""When a promised call may be."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from bot.rules.workdays import instant


def promised_at(day: date, at: time, zone: ZoneInfo, now: datetime) -> datetime | None:
    """The UTC instant of a promise in the caller's zone, or None when it is not in the future."""
    moment = instant(day, at, zone)
    return moment if moment > now else None
