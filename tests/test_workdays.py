"""Working days and local times."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.workdays import Calendar, calendar, instant

TOKYO, NEW_YORK = ZoneInfo("Asia/Tokyo"), ZoneInfo("America/New_York")


def test_weekends_holidays_and_company_days_are_no_workdays() -> None:
    days = calendar("JP", ["2026-12-29"])

    assert days.is_workday(date(2026, 11, 24))
    assert not days.is_workday(date(2026, 11, 22))
    assert not days.is_workday(date(2026, 11, 23))  # 勤労感謝の日
    assert not days.is_workday(date(2026, 9, 22))  # between two holidays
    assert not days.is_workday(date(2026, 12, 29))


def test_a_year_without_holidays_in_the_table_fails_loudly() -> None:
    with pytest.raises(LookupError, match="2100"):
        calendar("JP", []).is_workday(date(2100, 6, 1))


def test_three_workdays_after_friday_is_wednesday() -> None:
    assert Calendar("").add_workdays(date(2026, 11, 20), 3) == date(2026, 11, 25)


def test_a_time_the_clocks_skip_is_the_first_instant_after_the_gap() -> None:
    assert instant(date(2026, 3, 8), time(2, 30), NEW_YORK) == datetime(2026, 3, 8, 7, tzinfo=UTC)


def test_a_time_the_clocks_repeat_is_the_first_one() -> None:
    found = instant(date(2026, 11, 1), time(1, 30), NEW_YORK)

    assert found == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


@given(st.dates(date(2026, 1, 1), date(2036, 12, 31)), st.times())
def test_an_instant_is_never_before_its_wall_clock_time(day: date, at: time) -> None:
    at = at.replace(second=0, microsecond=0)

    local = instant(day, at, NEW_YORK).astimezone(NEW_YORK)

    assert local.replace(tzinfo=None) >= datetime.combine(day, at)
    assert local.date() == day
