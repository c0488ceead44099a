"""Working days, and local times on days when the clocks change.

Rules for local times: in a gap, the first instant after it; in an overlap, the first one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo


@cache
def country_holidays(country: str, year: int) -> frozenset[date]:
    """A country's public holidays of one year. Raises LookupError when the table has none."""
    import holidays  # 0.6 s and 40 MB, so only when it is needed

    found = frozenset(holidays.country_holidays(country, years=year))
    if not found:
        raise LookupError(f"no holidays are known for {country} in {year}")
    return found


@dataclass(frozen=True)
class Calendar:
    """Which days people work: Monday to Friday, less public holidays and company days."""

    country: str = "JP"
    company_days: frozenset[date] = frozenset()

    def is_workday(self, day: date) -> bool:
        if day.weekday() >= 5 or day in self.company_days:
            return False
        return not self.country or day not in country_holidays(self.country, day.year)

    def add_workdays(self, day: date, count: int) -> date:
        """The `count`-th working day after `day`."""
        while count > 0:
            day += timedelta(days=1)
            count -= self.is_workday(day)
        return day


def calendar(country: str, company_days: Iterable[str]) -> Calendar:
    """A calendar from settings: ISO country code and dates as YYYY-MM-DD."""
    return Calendar(country, frozenset(date.fromisoformat(day) for day in company_days))


def local_time(at: datetime | None, zone: ZoneInfo) -> datetime | None:
    """A moment on the clocks of a zone; None stays None."""
    return at.astimezone(zone) if at else None


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The UTC instant of a local wall-clock time (first of an overlap, first after a gap)."""
    first = datetime.combine(day, at, zone).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == datetime.combine(day, at):
        return first
    second = datetime.combine(day, at, zone).replace(fold=1).astimezone(UTC)
    return _first_after_gap(second, first, zone)


def _first_after_gap(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which the zone's offset changes between two instants, to the minute."""
    while after - before > timedelta(minutes=1):
        middle = before + (after - before) / 2
        middle = middle.replace(second=0, microsecond=0)
        if middle.astimezone(zone).utcoffset() == before.astimezone(zone).utcoffset():
            before = middle
        else:
            after = middle
    return after


def parse_clock(value: str) -> time:
    """A wall-clock time as HH:MM. Raises ValueError."""
    hour, _, minute = value.partition(":")
    return time(int(hour), int(minute))
