"""Who stands on the list, where, and why."""

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.listing import Place, daily_places, kept_off, labelled, section_of
from bot.rules.ranking import LeadFacts, Reason, score, shown
from bot.rules.settings import ListSettings
from bot.rules.workdays import Calendar
from models.enums import CallState, CustomerClass, MightUse, Outcome, Section

NOW = datetime(2026, 11, 24, 0, tzinfo=UTC)
TODAY = date(2026, 11, 24)
PLAIN = Calendar("")


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def a_lead(lead_id: int = 1, **fields: Any) -> LeadFacts:
    return LeadFacts(lead_id, fields.pop("customer_class", CustomerClass.E), **fields)


def clicked(lead_id: int = 1, weight: int = 1, days: float = 1, **fields: Any) -> LeadFacts:
    return a_lead(lead_id, clicks=1, click_weight=weight, last_click_at=ago(days), **fields)


def answered(lead_id: int = 1, might_use: MightUse = MightUse.WITHIN_3_MONTHS, days: float = 1,
             **fields: Any) -> LeadFacts:  # fmt: skip
    return a_lead(lead_id, might_use=might_use, answered_at=ago(days), **fields)


def a_promise(lead_id: int) -> LeadFacts:
    return a_lead(lead_id, callback_at=NOW, callback_on=TODAY, callback_id=1)


def places(leads: list[LeadFacts], capacity: int = 50, **settings: Any) -> list[Place]:
    return daily_places(
        leads,
        now=NOW,
        today=TODAY,
        capacity=capacity,
        settings=ListSettings(**settings),
        calendar=PLAIN,
        seed="1:2026-11-24",
        mailed={2},
    )


def ids(found: list[Place]) -> list[int]:
    return [place.scored.facts.lead_id for place in found]


def test_a_survey_answer_without_a_talk_stands_above_every_click() -> None:
    found = places([clicked(1, weight=10, days=0), answered(2, MightUse.NO_PLAN, days=80)])

    assert ids(found) == [2, 1]


def test_once_talked_about_an_answer_no_longer_leads() -> None:
    talked = answered(2, days=5, last_talk_at=ago(2), last_call_at=ago(2))

    assert section_of(talked, NOW, TODAY, PLAIN) is Section.SPARE


def test_a_heavier_and_fresher_click_stands_above_a_lighter_and_older_one() -> None:
    found = places([clicked(1, weight=1), clicked(2, weight=5, days=20), clicked(3, weight=5)])

    assert ids(found) == [3, 2, 1]


def test_a_reaction_older_than_two_months_is_none() -> None:
    assert section_of(clicked(days=61), NOW, TODAY, PLAIN) is Section.SPARE


def test_promises_come_first_by_time() -> None:
    late = a_lead(1, callback_at=NOW + timedelta(hours=5), callback_on=TODAY, callback_id=1)
    early = a_lead(2, callback_at=NOW + timedelta(hours=1), callback_on=TODAY, callback_id=2)

    found = places([answered(3), late, early])

    assert ids(found) == [2, 1, 3]
    assert [place.section for place in found[:2]] == [Section.PROMISED] * 2


def test_a_promise_for_another_day_keeps_a_lead_off_until_then() -> None:
    promised = clicked(callback_on=date(2026, 11, 26), callback_at=NOW + timedelta(days=2))

    off = kept_off(promised, NOW, TODAY, PLAIN)

    assert off is not None
    assert (off.key, off.until) == ("kept_off.promised", date(2026, 11, 26))


def test_an_overdue_promise_rolls_over_three_working_days_and_then_ends() -> None:
    friday_before = a_lead(callback_on=date(2026, 11, 19), callback_at=ago(5))
    too_old = a_lead(callback_on=date(2026, 11, 18), callback_at=ago(6))

    assert section_of(friday_before, NOW, TODAY, PLAIN) is Section.PROMISED
    assert section_of(too_old, NOW, TODAY, PLAIN) is Section.SPARE


def test_leads_without_an_address_are_their_own_short_section() -> None:
    found = places([a_lead(n, has_address=False) for n in range(1, 9)])

    assert [place.section for place in found] == [Section.ADDRESS] * 5


@pytest.mark.parametrize(
    "state",
    [
        CallState.APPOINTMENT,
        CallState.LEFT_COMPANY,
        CallState.WRONG_NUMBER,
        CallState.DO_NOT_CALL,
        CallState.WON,
        CallState.LOST,
    ],
)
def test_closed_leads_are_never_listed_whatever_they_click(state: CallState) -> None:
    assert places([clicked(call_state=state, last_call_at=ago(2))]) == []


def test_not_now_rests_until_its_day_unless_a_new_reaction_arrives() -> None:
    resting = a_lead(
        call_state=CallState.RESTING, rest_until=date(2026, 12, 1), last_call_at=ago(23)
    )
    woken = resting._replace(clicks=1, click_weight=1, last_click_at=ago(1))

    assert kept_off(resting, NOW, TODAY, PLAIN) is not None
    assert section_of(woken, NOW, TODAY, PLAIN) is Section.FIRST
    assert kept_off(woken, NOW, TODAY, PLAIN) is None


def test_an_exhausted_lead_rests_until_a_new_reaction() -> None:
    exhausted = a_lead(call_state=CallState.EXHAUSTED, last_call_at=ago(9))
    woken = exhausted._replace(might_use=MightUse.UNKNOWN, answered_at=ago(1))

    assert kept_off(exhausted, NOW, TODAY, PLAIN) is not None
    assert kept_off(woken, NOW, TODAY, PLAIN) is None


def test_someone_called_today_is_not_listed_again_today() -> None:
    called = clicked(days=0, last_call_at=ago(0.01), last_call_on=TODAY)

    assert kept_off(called, NOW, TODAY, PLAIN) is not None


def test_a_lead_without_a_phone_cannot_be_called() -> None:
    assert places([clicked(has_phone=False)]) == []


def test_an_interested_lead_is_listed_again_when_the_days_are_over() -> None:
    said = a_lead(
        last_outcome=Outcome.INTERESTED, last_call_at=ago(4), last_talk_at=ago(4), rest_until=TODAY
    )

    assert ids(places([said, a_promise(2), answered(3)])) == [2, 1, 3]
    assert places([said])[0].section is Section.PROMISED
    assert places([said._replace(rest_until=date(2026, 11, 25))]) == []


def test_the_rest_is_filled_by_best_chance_and_labelled() -> None:
    not_mailed, silent = a_lead(1), a_lead(2, customer_class=CustomerClass.D)

    found = labelled(places([not_mailed, silent]), mailed={2: ago(7)})

    assert ids(found) == [2, 1]
    assert [p.label.key for p in found if p.label] == ["reason.silent", "reason.not_mailed"]


def test_the_team_may_fill_with_the_not_mailed_only_or_not_at_all() -> None:
    leads = [a_lead(1), a_lead(2), clicked(3)]

    assert ids(places(leads, fill="not_mailed")) == [3, 1]
    assert ids(places(leads, fill="none")) == [3]


def test_a_tenth_of_the_places_is_drawn_when_not_everyone_has_one() -> None:
    found = places([a_lead(n) for n in range(1, 200)], capacity=30)

    assert len(found) == 30
    assert sum(place.explored for place in found) == 3
    assert not any(p.explored for p in places([a_lead(n) for n in range(1, 30)], capacity=30))


def test_an_answer_never_gives_way_to_a_lead_drawn_at_random() -> None:
    leads = [answered(n) for n in range(1, 49)] + [clicked(n) for n in range(49, 69)]

    found = places(leads, capacity=50)

    assert set(ids(found)[:48]) == set(range(1, 49))
    assert sum(place.explored for place in found) == 2


@given(st.randoms(use_true_random=False), st.integers(0, 60))
def test_the_list_fits_and_does_not_depend_on_the_order_of_rows(
    chance: Random, capacity: int
) -> None:
    leads = [clicked(n, weight=n % 7, days=n) for n in range(1, 20)]
    leads += [answered(n) for n in range(20, 40)]
    leads += [a_lead(n, callback_on=TODAY, callback_at=NOW) for n in range(40, 50)]
    leads += [a_lead(n, has_address=n % 2 == 0) for n in range(50, 120)]
    shuffled = leads[:]
    chance.shuffle(shuffled)

    found = places(leads, capacity)

    assert found == places(shuffled, capacity)
    assert len(found) <= capacity
    assert len(set(ids(found))) == len(found)
    order = [list(Section).index(place.section) for place in found]
    assert order == sorted(order)


def test_the_reasons_add_up_to_the_score() -> None:
    lead = clicked(
        weight=5, customer_class=CustomerClass.D, source="展示会", unanswered=2,
        might_use=MightUse.WITHIN_3_MONTHS, answered_at=ago(3),
    )  # fmt: skip

    scored = score(lead, NOW)

    assert scored.score == pytest.approx(sum(reason.points for reason in scored.reasons))
    assert [r.key for r in scored.reasons][:2] == ["reason.survey.within_3_months", "reason.clicks"]
    assert 0 < scored.chance < 1


@pytest.mark.parametrize(("hour", "advice"), [(9, "try_afternoon"), (15, "try_morning")])
def test_an_unanswered_lead_is_to_be_tried_in_the_other_half_of_the_day(
    hour: int, advice: str
) -> None:
    lead = a_lead(unanswered=2, last_call_at=NOW.replace(hour=hour))

    [reason] = score(lead, NOW).reasons

    assert reason.key == f"reason.unanswered.{advice}"


def test_the_strongest_reason_against_is_always_told() -> None:
    reasons = [Reason(f"r{points}", {}, points) for points in (3, 2, 1, 0.5, -0.1, -0.05)]

    assert [r.points for r in shown(reasons)] == [3, 2, -0.1]
    assert [r.points for r in shown(reasons[:4])] == [3, 2, 1]
