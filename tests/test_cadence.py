"""Who may be mailed now: lawful, wanted, once a month, three weeks apart."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.cadence import Cadence, MailFacts, again_on, may_mail
from models.enums import Basis, CallState, MailKind, SkipReason
from tests.builders import T0, days

TOKYO = Cadence(ZoneInfo("Asia/Tokyo"))
FINE = MailFacts(
    address="yamada@customer.example",
    basis=Basis.BUSINESS_CARD,
    suppressed=False,
    call_state=CallState.OPEN,
    kind=MailKind.CASE_STUDY,
)
SALES = MailKind.PRODUCT_NEWS
NEWS = MailKind.INDUSTRY_NEWS


def test_a_lead_with_address_and_basis_may_be_mailed() -> None:
    assert may_mail(FINE, T0, TOKYO) is None


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (replace(FINE, address=None), SkipReason.NO_ADDRESS),
        (replace(FINE, address=""), SkipReason.NO_ADDRESS),
        (replace(FINE, suppressed=True), SkipReason.SUPPRESSED),
        (replace(FINE, basis=None), SkipReason.NO_BASIS),
        (replace(FINE, call_state=CallState.LEFT_COMPANY), SkipReason.INACTIVE),
        (replace(FINE, last_mailed_at=T0 - days(3)), SkipReason.SLOT_TAKEN),
        (replace(FINE, last_mailed_at=T0), SkipReason.SLOT_TAKEN),
        (replace(FINE, basis=None, suppressed=True), SkipReason.SUPPRESSED),
    ],
)
def test_each_obstacle_has_its_reason(facts: MailFacts, reason: SkipReason) -> None:
    assert may_mail(facts, T0, TOKYO) is reason


@pytest.mark.parametrize("state", [CallState.DO_NOT_CALL, CallState.WRONG_NUMBER, CallState.LOST])
def test_who_must_not_be_called_may_still_be_mailed(state: CallState) -> None:
    assert may_mail(replace(FINE, call_state=state), T0, TOKYO) is None


def test_the_month_is_the_workspaces_not_utcs() -> None:
    last = datetime(2026, 10, 31, 15, 30, tzinfo=UTC)  # 1 November in Tokyo
    now = datetime(2026, 11, 30, 14, 0, tzinfo=UTC)  # still 30 November in Tokyo

    assert may_mail(replace(FINE, last_mailed_at=last), now, TOKYO) is SkipReason.SLOT_TAKEN
    an_hour_later = may_mail(replace(FINE, last_mailed_at=last), now + days(1 / 24), TOKYO)
    assert an_hour_later is None


def test_a_new_month_does_not_shorten_the_gap() -> None:
    last = datetime(2026, 10, 30, 1, 0, tzinfo=UTC)

    too_soon = may_mail(replace(FINE, last_mailed_at=last), last + days(20.9), TOKYO)
    again = may_mail(replace(FINE, last_mailed_at=last), last + days(21), TOKYO)

    assert (too_soon, again) == (SkipReason.TOO_SOON, None)


@pytest.mark.parametrize(
    ("kind", "recent", "reason"),
    [
        (SALES, (), None),
        (SALES, (NEWS, NEWS, NEWS), None),
        (SALES, (NEWS, NEWS, SALES), SkipReason.PRODUCT_NEWS_CAP),
        (SALES, (SALES,), SkipReason.PRODUCT_NEWS_CAP),
        (SALES, (NEWS, NEWS, NEWS, SALES), None),
        (NEWS, (SALES, NEWS, NEWS), None),
    ],
)
def test_at_most_one_in_four_sells(
    kind: MailKind, recent: tuple[MailKind, ...], reason: SkipReason | None
) -> None:
    assert may_mail(replace(FINE, kind=kind, recent_kinds=recent), T0, TOKYO) is reason


MOMENTS = st.integers(0, 5 * 365 * 24 * 60).map(
    lambda minutes: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@given(MOMENTS, st.integers(0, 60), st.sampled_from(["Asia/Tokyo", "America/New_York", "UTC"]))
def test_again_on_is_the_first_day_that_may(last: datetime, gap: int, zone: str) -> None:
    cadence = Cadence(ZoneInfo(zone), timedelta(days=gap))
    facts = replace(FINE, last_mailed_at=last)

    day = again_on(last, last, cadence)

    assert day is not None
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=cadence.zone).astimezone(UTC)
    assert may_mail(facts, noon, cadence) is None
    before = noon - timedelta(hours=36)
    assert before < last or may_mail(facts, before, cadence) is not None


def test_again_on_is_none_when_nothing_forbids() -> None:
    assert again_on(None, T0, TOKYO) is None
    assert again_on(T0 - days(40), T0, TOKYO) is None
    assert again_on(T0, T0, TOKYO) == date(2026, 12, 16)
