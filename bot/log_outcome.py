"""Log what came of a call, correct it, take it back. The log is append-only; the rest follows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session, col, select

from bot.errors import UserMistake
from bot.rules.outcomes import CONSEQUENCES, PastCall, standing
from bot.rules.settings import OutcomeSettings
from bot.rules.workdays import Calendar
from bot.texts import clock_time
from models import (
    Account,
    Call,
    Callback,
    DailyList,
    Lead,
    ListEntry,
    Salesperson,
    Suppression,
    Task,
    table_of,
)
from models.enums import Outcome, Role, SuppressionReason, TaskKind

DEAL_WON = {o for o, consequence in CONSEQUENCES.items() if consequence.account_trades}


class LogResult(StrEnum):
    LOGGED = "logged"
    CORRECTED = "corrected"  # the same salesperson thought better of it
    ALREADY = "already"  # nothing new was said; nothing changed


@dataclass(frozen=True)
class LoggedCall:
    result: LogResult
    call: Call


@dataclass(frozen=True)
class OutcomeRules:
    """The settings an outcome's consequences depend on."""

    settings: OutcomeSettings
    calendar: Calendar


def log_outcome(
    session: Session,
    outcome: Outcome,
    *,
    lead_id: int,
    by: Salesperson,
    at: datetime,
    now: datetime,
    rules: OutcomeRules,
    entry_id: int | None = None,
    callback_at: datetime | None = None,
    note: str = "",
    press_key: str | None = None,
) -> LoggedCall:
    """Log an outcome with its one consequence. Logging the same again changes nothing.

    The call belongs to the lead's place on the list of its own day; without one, to the place
    that was pressed, `entry_id`, on an older list.

    Raises UserMistake when the lead is not `by`'s to call, when a colleague has logged this
    list's entry already, or when a promise has no future time.
    """
    lead = session.get(Lead, lead_id)
    if lead is None:
        raise UserMistake("outcome.no_such_lead")
    if known := _pressed_before(session, press_key):
        return LoggedCall(LogResult.ALREADY, known)
    _may_log(session, lead, by)
    if CONSEQUENCES[outcome].promises and (callback_at is None or callback_at <= now):
        raise UserMistake("outcome.promise_in_past")
    entry = _entry_of_day(session, lead, by, at) or _pressed_entry(session, lead, entry_id)
    earlier = _current_call(session, entry)
    if earlier:
        _refuse_if_anothers(session, earlier, by)
        if _says_the_same(session, earlier, outcome, callback_at):
            return LoggedCall(LogResult.ALREADY, earlier)
        _take_back(session, earlier)
    assert by.id is not None
    call = Call(
        lead_id=lead_id,
        entry_id=entry.id if entry else None,
        salesperson_id=by.id,
        outcome=outcome,
        at=at,
        logged_at=now,
        note=note,
        press_key=press_key,
    )
    _remember(session, call, lead, callback_at)
    _restate(session, lead, rules)
    if DEAL_WON & {outcome, earlier and earlier.outcome}:
        _restate_account(session, lead, ZoneInfo(by.timezone))
    _show(session, entry)
    return LoggedCall(LogResult.CORRECTED if earlier else LogResult.LOGGED, call)


def undo_outcome(
    session: Session, call_id: int, *, by: Salesperson, now: datetime, rules: OutcomeRules
) -> Call:
    """Take an outcome and its consequences back. Undoing twice changes nothing more.

    Raises UserMistake when it is another's call or too long ago.
    """
    call = session.get(Call, call_id)
    if call is None:
        raise UserMistake("outcome.no_such_call")
    if call.salesperson_id != by.id and by.role is not Role.ADMIN:
        raise UserMistake("outcome.not_your_call")
    if not call.current:
        return call
    if now - call.logged_at > rules.settings.undo:
        minutes = int(rules.settings.undo.total_seconds() // 60)
        raise UserMistake("outcome.too_late_to_undo", minutes=minutes)
    _take_back(session, call)
    call.undone_at = now
    lead = session.get_one(Lead, call.lead_id)
    _restate(session, lead, rules)
    if call.outcome in DEAL_WON:
        _restate_account(session, lead, ZoneInfo(by.timezone))
    _show(session, session.get(ListEntry, call.entry_id) if call.entry_id else None)
    return call


def last_call(session: Session, lead_id: int) -> Call | None:
    """The lead's latest call that still counts."""
    return session.exec(
        select(Call)
        .where(Call.lead_id == lead_id, col(Call.current))
        .order_by(col(Call.logged_at).desc(), col(Call.id).desc())
    ).first()


def _pressed_before(session: Session, press_key: str | None) -> Call | None:
    if press_key is None:
        return None
    return session.exec(select(Call).where(Call.press_key == press_key)).first()


def _may_log(session: Session, lead: Lead, by: Salesperson) -> None:
    if not by.active:
        raise UserMistake("outcome.not_active")
    if lead.owner_id != by.id and by.role is not Role.ADMIN:
        owner = session.get(Salesperson, lead.owner_id) if lead.owner_id else None
        if owner is None:
            raise UserMistake("outcome.no_owner")
        raise UserMistake("outcome.not_your_lead", owner=owner.name)


def check_owner(session: Session, lead_id: int, by: Salesperson) -> None:
    """Raises UserMistake when the lead is not `by`'s to call."""
    _may_log(session, session.get_one(Lead, lead_id), by)


def _pressed_entry(session: Session, lead: Lead, entry_id: int | None) -> ListEntry | None:
    entry = session.get(ListEntry, entry_id) if entry_id is not None else None
    return entry if entry is not None and entry.lead_id == lead.id else None


def _entry_of_day(session: Session, lead: Lead, by: Salesperson, at: datetime) -> ListEntry | None:
    """The lead's place on the list of the day the call was made."""
    on = at.astimezone(ZoneInfo(by.timezone)).date()
    return session.exec(
        select(ListEntry).where(ListEntry.lead_id == lead.id, ListEntry.local_date == on)
    ).first()


def _current_call(session: Session, entry: ListEntry | None) -> Call | None:
    if entry is None:
        return None
    return session.exec(select(Call).where(Call.entry_id == entry.id, col(Call.current))).first()


def _refuse_if_anothers(session: Session, earlier: Call, by: Salesperson) -> None:
    """The first to log an entry may correct it; anyone else is told who was first."""
    if earlier.salesperson_id == by.id:
        return
    first = session.get_one(Salesperson, earlier.salesperson_id)
    when = earlier.at.astimezone(ZoneInfo(by.timezone))
    raise UserMistake(
        "outcome.logged_by_other", name=first.name, time=clock_time(when, by.language)
    )


def _says_the_same(
    session: Session, earlier: Call, outcome: Outcome, callback_at: datetime | None
) -> bool:
    if earlier.outcome is not outcome:
        return False
    if callback_at is None:
        return True
    promise = session.exec(select(Callback).where(Callback.call_id == earlier.id)).first()
    return promise is not None and promise.due_at == callback_at


def _remember(session: Session, call: Call, lead: Lead, callback_at: datetime | None) -> None:
    """Store the call and its outcome's consequence."""
    session.add(call)
    session.flush()
    assert call.id is not None
    consequence = CONSEQUENCES[call.outcome]
    if consequence.closes_promise:
        _close_promises(session, call)
    owned: dict[str, Any] = {
        "lead_id": call.lead_id,
        "salesperson_id": call.salesperson_id,
        "call_id": call.id,
    }
    if consequence.promises and callback_at:
        session.add(Callback(due_at=callback_at, **owned))
    if consequence.task:
        session.add(Task(kind=consequence.task, created_at=call.logged_at, **owned))
    if consequence.suppresses_address and lead.email_key:
        _suppress(session, call, lead.email_key)


def _close_promises(session: Session, call: Call) -> None:
    promise = table_of(Callback)
    session.connection().execute(
        sa.update(promise)
        .where(promise.c.lead_id == call.lead_id, promise.c.closed_at.is_(None))
        .values(closed_at=call.logged_at, closed_by_call_id=call.id)
    )


def _suppress(session: Session, call: Call, address_key: str) -> None:
    if session.get(Suppression, address_key) is None:
        session.add(
            Suppression(
                address_key=address_key,
                reason=SuppressionReason.DO_NOT_MAIL,
                source=f"call {call.id}",
                since=call.logged_at,
                call_id=call.id,
            )
        )


def _take_back(session: Session, call: Call) -> None:
    """Undo one call's consequences; promises it had kept stand again."""
    call.current = False
    connection = session.connection()
    promise, task, refusal = table_of(Callback), table_of(Task), table_of(Suppression)
    connection.execute(sa.delete(promise).where(promise.c.call_id == call.id))
    connection.execute(sa.delete(task).where(task.c.call_id == call.id))
    connection.execute(
        sa.update(refusal)
        .where(refusal.c.call_id == call.id)
        .values(call_id=_another_refusal(call))  # whoever refused twice still refuses
    )
    connection.execute(sa.delete(refusal).where(refusal.c.call_id == call.id))
    connection.execute(
        sa.update(promise)
        .where(promise.c.closed_by_call_id == call.id)
        .values(closed_at=None, closed_by_call_id=None)
    )
    session.flush()
    session.expire_all()


def _another_refusal(call: Call) -> sa.ScalarSelect[Any]:
    """The lead's latest other call that asks for no mail; this one when there is none."""
    other = table_of(Call).c
    latest = (
        sa.select(sa.func.max(other.id))
        .where(
            other.lead_id == call.lead_id,
            other.id != call.id,
            other.outcome == Outcome.DO_NOT_MAIL,
            other.current,
        )
        .scalar_subquery()
    )
    return sa.select(sa.func.coalesce(latest, call.id)).scalar_subquery()


def _restate(session: Session, lead: Lead, rules: OutcomeRules) -> None:
    """Write on the lead what all its current calls together say; a call's day is its caller's."""
    session.flush()
    made = session.exec(
        select(Call, Salesperson.timezone)
        .join(Salesperson, col(Salesperson.id) == Call.salesperson_id)
        .where(Call.lead_id == lead.id, col(Call.current))
        .order_by(col(Call.at), col(Call.id))
    ).all()
    calls = [call for call, _ in made]
    corrected = _corrected_numbers(session, lead, calls)
    past = [
        PastCall(call.outcome, call.at.astimezone(ZoneInfo(zone)).date())
        for call, zone in made
        if call.id not in corrected
    ]
    now_stands = standing(past, rules.settings, rules.calendar)
    lead.call_state = now_stands.state
    lead.rest_until = now_stands.rest_until
    lead.unanswered = now_stands.unanswered
    lead.last_call_at = calls[-1].at if calls else None
    talks = [call.at for call in calls if CONSEQUENCES[call.outcome].talked]
    lead.last_talk_at = talks[-1] if talks else None


def _corrected_numbers(session: Session, lead: Lead, calls: Sequence[Call]) -> set[int]:
    """Calls to a wrong number that has been put right since: they say nothing any more."""
    if all(call.outcome is not Outcome.WRONG_NUMBER for call in calls):
        return set()
    done = select(Task.call_id).where(
        Task.lead_id == lead.id,
        Task.kind == TaskKind.CORRECT_NUMBER,
        col(Task.done_at).is_not(None),
    )
    return set(session.exec(done))


def _restate_account(session: Session, lead: Lead, zone: ZoneInfo) -> None:
    """A won deal makes the account trade; taking it back takes that back too."""
    won = session.exec(
        select(Call.at)
        .join(Lead, col(Lead.id) == Call.lead_id)
        .where(
            Lead.account_id == lead.account_id,
            Call.outcome == Outcome.DEAL_WON,
            col(Call.current),
        )
        .order_by(col(Call.at).desc())
    ).first()
    account = session.get_one(Account, lead.account_id)
    account.won_on = won.astimezone(zone).date() if won else None


def _show(session: Session, entry: ListEntry | None) -> None:
    """The list that holds this entry has changed and must be drawn again."""
    if entry is not None:
        daily = table_of(DailyList)
        session.connection().execute(
            sa.update(daily).where(daily.c.id == entry.list_id).values(version=daily.c.version + 1)
        )
