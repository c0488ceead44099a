"""What each outcome of a call leads to: one consequence each, in one table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bot.rules.settings import OutcomeSettings
from bot.rules.workdays import Calendar
from models.enums import CallState, Outcome, TaskKind


@dataclass(frozen=True)
class Consequence:
    """`state` is the lead's from then on; the other fields say what else happens."""

    state: CallState
    talked: bool = True  # someone spoke with the lead; a fresh reaction is thereby followed up
    success: bool = False
    closes_promise: bool = True  # an open callback of the lead is kept by this call
    promises: bool = False  # needs a date and time
    task: TaskKind | None = None
    suppresses_address: bool = False
    account_trades: bool = False


CONSEQUENCES: dict[Outcome, Consequence] = {
    Outcome.APPOINTMENT: Consequence(CallState.APPOINTMENT, success=True),
    Outcome.INTERESTED: Consequence(CallState.OPEN),
    Outcome.CALLBACK: Consequence(CallState.OPEN, promises=True),
    Outcome.NOT_NOW: Consequence(CallState.RESTING),
    Outcome.NO_ANSWER: Consequence(CallState.OPEN, talked=False, closes_promise=False),
    Outcome.MOVED_DEPARTMENT: Consequence(CallState.OPEN, task=TaskKind.FIND_RIGHT_PERSON),
    Outcome.LEFT_COMPANY: Consequence(CallState.LEFT_COMPANY, task=TaskKind.FIND_SUCCESSOR),
    Outcome.WRONG_NUMBER: Consequence(
        CallState.WRONG_NUMBER, talked=False, task=TaskKind.CORRECT_NUMBER
    ),
    Outcome.DO_NOT_CALL: Consequence(CallState.DO_NOT_CALL),
    Outcome.DO_NOT_MAIL: Consequence(CallState.OPEN, suppresses_address=True),
    Outcome.DEAL_WON: Consequence(CallState.WON, success=True, account_trades=True),
    Outcome.DEAL_LOST: Consequence(CallState.LOST),
}


SAYS_NOTHING_OF_CALLS = {Outcome.NO_ANSWER, Outcome.DO_NOT_MAIL}


@dataclass(frozen=True)
class PastCall:
    """One current call of a lead; `local_date` is the day it was in the caller's zone."""

    outcome: Outcome
    local_date: date


@dataclass(frozen=True)
class Standing:
    """What a lead's calls, taken together, say about calling again."""

    state: CallState = CallState.OPEN
    rest_until: date | None = None  # first date on which the lead may be listed again
    unanswered: int = 0  # calls in a row without an answer


def standing(calls: Sequence[PastCall], settings: OutcomeSettings, calendar: Calendar) -> Standing:
    """The lead's standing after its calls, oldest first. Corrected and undone calls are left out.

    The last call decides, but "do not call" stays whatever came after it.
    """
    if not calls:
        return Standing()
    unanswered = _unanswered_at_end(calls)
    last = calls[-1]
    if any(call.outcome is Outcome.DO_NOT_CALL for call in calls):
        return Standing(CallState.DO_NOT_CALL, None, unanswered)
    if unanswered >= settings.no_answer_tries:
        return Standing(CallState.EXHAUSTED, None, unanswered)
    if closed := _closed(calls):
        return Standing(closed, None, unanswered)
    return Standing(
        CONSEQUENCES[last.outcome].state, _rest_until(last, settings, calendar), unanswered
    )


def _closed(calls: Sequence[PastCall]) -> CallState | None:
    """The state in which nobody calls again. Not reaching someone, or being told "no mail",
    does not open what an earlier call closed."""
    deciding = [c.outcome for c in calls if c.outcome not in SAYS_NOTHING_OF_CALLS]
    state = CONSEQUENCES[deciding[-1]].state if deciding else CallState.OPEN
    return None if state in (CallState.OPEN, CallState.RESTING) else state


def _unanswered_at_end(calls: Sequence[PastCall]) -> int:
    count = 0
    for call in reversed(calls):
        if call.outcome is not Outcome.NO_ANSWER:
            break
        count += 1
    return count


def _rest_until(last: PastCall, settings: OutcomeSettings, calendar: Calendar) -> date | None:
    if last.outcome is Outcome.NOT_NOW:
        return last.local_date + timedelta(days=settings.not_now_days)
    if last.outcome is Outcome.INTERESTED:
        return calendar.add_workdays(last.local_date, settings.interested_days)
    if CONSEQUENCES[last.outcome].state is CallState.OPEN:
        return calendar.add_workdays(last.local_date, 1)  # once a day is enough
    return None
