"""Deliveries only move up, whatever arrives, in whatever order and however often."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.delivery import (
    ARROWS,
    MAILED,
    WORTH,
    below,
    joined,
    moved,
    moved_with_batch,
)
from models.enums import DeliveryState, EventKind

STATES = st.sampled_from(list(DeliveryState))


def test_every_state_has_a_worth_and_arrows() -> None:
    assert set(WORTH) == set(ARROWS) == set(DeliveryState)
    assert len(WORTH) == len(DeliveryState)


@given(STATES, STATES, STATES)
def test_joining_news_is_a_lattice(
    one: DeliveryState, two: DeliveryState, three: DeliveryState
) -> None:
    assert joined(one, two) is joined(two, one)
    assert joined(one, joined(two, three)) is joined(joined(one, two), three)
    assert joined(one, one) is one


@given(STATES, st.lists(STATES, max_size=6), st.randoms())
def test_the_order_and_number_of_news_does_not_matter(
    start: DeliveryState, news: list[DeliveryState], chance: object
) -> None:
    once = start
    for state in news:
        once = joined(once, state)

    again = [*news, *news]
    chance.shuffle(again)  # type: ignore[attr-defined]
    twice = start
    for state in again:
        twice = joined(twice, state)

    assert twice is once
    assert WORTH.index(once) >= WORTH.index(start)


@given(STATES, st.sampled_from(list(EventKind)))
def test_any_event_with_our_id_proves_the_mail_was_taken(
    state: DeliveryState, event: EventKind
) -> None:
    assert moved(state, event) is DeliveryState.CONFIRMED
    assert moved(moved(state, event), event) is DeliveryState.CONFIRMED


@given(STATES)
def test_a_neighbours_event_settles_only_what_was_in_doubt(state: DeliveryState) -> None:
    after = moved_with_batch(state)

    assert WORTH.index(after) >= WORTH.index(state)
    in_doubt = {DeliveryState.SENDING, DeliveryState.UNKNOWN, DeliveryState.UNCONFIRMED}
    assert (after is not state) == (state in in_doubt)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pair
        for pair in itertools.permutations(DeliveryState, 2)
        if pair[1] in ARROWS[pair[0]] and pair != (DeliveryState.SENDING, DeliveryState.PLANNED)
    ],
)
def test_every_arrow_but_the_release_leads_up(before: DeliveryState, after: DeliveryState) -> None:
    assert before in below(after)


def test_nothing_that_may_be_in_an_inbox_is_ever_planned_again() -> None:
    back = {before for before, after in ARROWS.items() if DeliveryState.PLANNED in after}

    assert back == {DeliveryState.SENDING}
    assert DeliveryState.REJECTED not in MAILED
