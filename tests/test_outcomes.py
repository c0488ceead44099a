"""Every outcome's consequence, row by row."""

from datetime import date

import pytest

from bot.rules.outcomes import CONSEQUENCES, PastCall, Standing, standing
from bot.rules.settings import OutcomeSettings
from bot.rules.workdays import Calendar
from models.enums import CallState, Outcome, TaskKind

DAY = date(2026, 11, 24)  # a Tuesday
PLAIN = Calendar("")


def after(*outcomes: Outcome, on: date = DAY) -> Standing:
    return standing([PastCall(o, on) for o in outcomes], OutcomeSettings(), PLAIN)


def test_every_outcome_has_exactly_one_consequence() -> None:
    assert set(CONSEQUENCES) == set(Outcome)


@pytest.mark.parametrize(
    ("outcome", "state", "rest_until"),
    [
        (Outcome.APPOINTMENT, CallState.APPOINTMENT, None),
        (Outcome.INTERESTED, CallState.OPEN, date(2026, 11, 27)),
        (Outcome.CALLBACK, CallState.OPEN, date(2026, 11, 25)),
        (Outcome.NOT_NOW, CallState.RESTING, date(2026, 12, 24)),
        (Outcome.NO_ANSWER, CallState.OPEN, date(2026, 11, 25)),
        (Outcome.MOVED_DEPARTMENT, CallState.OPEN, date(2026, 11, 25)),
        (Outcome.LEFT_COMPANY, CallState.LEFT_COMPANY, None),
        (Outcome.WRONG_NUMBER, CallState.WRONG_NUMBER, None),
        (Outcome.DO_NOT_CALL, CallState.DO_NOT_CALL, None),
        (Outcome.DO_NOT_MAIL, CallState.OPEN, date(2026, 11, 25)),
        (Outcome.DEAL_WON, CallState.WON, None),
        (Outcome.DEAL_LOST, CallState.LOST, None),
    ],
)
def test_a_call_decides_when_the_lead_is_called_again(
    outcome: Outcome, state: CallState, rest_until: date | None
) -> None:
    found = after(outcome)

    assert (found.state, found.rest_until) == (state, rest_until)


def test_an_unanswered_call_on_friday_is_tried_again_on_monday() -> None:
    assert after(Outcome.NO_ANSWER, on=date(2026, 11, 27)).rest_until == date(2026, 11, 30)


def test_six_calls_in_a_row_without_an_answer_exhaust_a_lead() -> None:
    five = after(*[Outcome.NO_ANSWER] * 5)
    six = after(*[Outcome.NO_ANSWER] * 6)

    assert (five.state, five.unanswered) == (CallState.OPEN, 5)
    assert (six.state, six.unanswered) == (CallState.EXHAUSTED, 6)


def test_a_talk_starts_the_count_of_unanswered_calls_anew() -> None:
    found = after(Outcome.NO_ANSWER, Outcome.NO_ANSWER, Outcome.INTERESTED, Outcome.NO_ANSWER)

    assert found.unanswered == 1


def test_do_not_call_stays_whatever_is_logged_after_it() -> None:
    assert after(Outcome.DO_NOT_CALL, Outcome.INTERESTED).state is CallState.DO_NOT_CALL


@pytest.mark.parametrize(
    ("outcome", "task"),
    [
        (Outcome.MOVED_DEPARTMENT, TaskKind.FIND_RIGHT_PERSON),
        (Outcome.LEFT_COMPANY, TaskKind.FIND_SUCCESSOR),
        (Outcome.WRONG_NUMBER, TaskKind.CORRECT_NUMBER),
    ],
)
def test_some_outcomes_leave_a_task(outcome: Outcome, task: TaskKind) -> None:
    assert CONSEQUENCES[outcome].task is task


def test_only_do_not_mail_suppresses_the_address_and_only_a_won_deal_makes_trade() -> None:
    assert [o for o in Outcome if CONSEQUENCES[o].suppresses_address] == [Outcome.DO_NOT_MAIL]
    assert [o for o in Outcome if CONSEQUENCES[o].account_trades] == [Outcome.DEAL_WON]


@pytest.mark.parametrize("later", [Outcome.NO_ANSWER, Outcome.DO_NOT_MAIL])
@pytest.mark.parametrize(
    "closing", [Outcome.LEFT_COMPANY, Outcome.APPOINTMENT, Outcome.WRONG_NUMBER, Outcome.DEAL_LOST]
)
def test_what_a_call_closed_an_unanswered_one_does_not_open(
    closing: Outcome, later: Outcome
) -> None:
    assert after(closing, later).state is CONSEQUENCES[closing].state


def test_a_rest_ends_with_the_next_call() -> None:
    assert after(Outcome.NOT_NOW, Outcome.NO_ANSWER).state is CallState.OPEN
