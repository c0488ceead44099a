"""Logging, correcting and taking back what came of a call."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.errors import UserMistake
from bot.log_outcome import LogResult, OutcomeRules, last_call, log_outcome, undo_outcome
from bot.rules.settings import OutcomeSettings
from bot.rules.workdays import Calendar
from models import Account, Call, Callback, DailyList, Lead, ListEntry, Suppression, Task
from models.enums import CallState, ListState, Outcome, Role, Section
from tests.builders import T0, a_lead, a_salesperson, days

RULES = OutcomeRules(OutcomeSettings(), Calendar(""))


def listed(session: Session, lead: Lead, owner: Any) -> ListEntry:
    """The lead's place on the owner's list of T0's day."""
    daily = DailyList(
        public_id=f"p{owner.id}", salesperson_id=owner.id, local_date=T0.date(), capacity=50,
        state=ListState.POSTED, claimed_at=T0,
    )  # fmt: skip
    session.add(daily)
    session.flush()
    entry = ListEntry(
        list_id=daily.id, lead_id=lead.id, local_date=T0.date(), section=Section.FIRST, place=1,
        score=1, chance=0.5, reasons=[],
    )  # fmt: skip
    session.add(entry)
    session.flush()
    return entry


def log(session: Session, lead: Lead, by: Any, outcome: Outcome, **fields: Any) -> Any:
    given = {"at": T0, "now": T0, "rules": RULES} | fields
    return log_outcome(session, outcome, lead_id=lead.id, by=by, **given)


def test_an_outcome_is_logged_on_the_lists_entry_and_the_list_must_be_drawn(
    session: Session,
) -> None:
    sato = a_salesperson(session)
    lead = a_lead(session, owner=sato)
    entry = listed(session, lead, sato)

    logged = log(session, lead, sato, Outcome.NO_ANSWER)

    assert (logged.result, logged.call.entry_id) == (LogResult.LOGGED, entry.id)
    assert lead.unanswered == 1
    assert session.get_one(DailyList, entry.list_id).version == 2


def test_logging_the_same_again_changes_nothing(session: Session) -> None:
    sato = a_salesperson(session)
    lead = a_lead(session, owner=sato)
    listed(session, lead, sato)
    log(session, lead, sato, Outcome.NO_ANSWER)

    again = log(session, lead, sato, Outcome.NO_ANSWER)

    assert again.result is LogResult.ALREADY
    assert len(session.exec(select(Call)).all()) == 1


def test_one_press_delivered_ten_times_is_one_outcome(session: Session) -> None:
    sato = a_salesperson(session)
    lead = a_lead(session, owner=sato)

    for _ in range(10):
        log(session, lead, sato, Outcome.NO_ANSWER, press_key="U1:m:a:1")

    assert lead.unanswered == 1


def test_the_same_salesperson_may_correct_and_the_first_outcome_stays_in_the_log(
    session: Session,
) -> None:
    sato = a_salesperson(session)
    lead = a_lead(session, owner=sato)
    listed(session, lead, sato)
    log(session, lead, sato, Outcome.DO_NOT_MAIL)

    corrected = log(session, lead, sato, Outcome.APPOINTMENT)

    assert corrected.result is LogResult.CORRECTED
    assert lead.call_state is CallState.APPOINTMENT
    assert session.exec(select(Suppression)).all() == []
    assert [(c.outcome, c.current) for c in session.exec(select(Call).order_by(Call.id))] == [
        (Outcome.DO_NOT_MAIL, False),
        (Outcome.APPOINTMENT, True),
    ]


def test_a_colleague_is_told_who_was_first(session: Session) -> None:
    sato, suzuki = a_salesperson(session), a_salesperson(session, "Suzuki", role=Role.ADMIN)
    lead = a_lead(session, owner=sato)
    listed(session, lead, sato)
    log(session, lead, sato, Outcome.NO_ANSWER)

    with pytest.raises(UserMistake, match="logged_by_other"):
        log(session, lead, suzuki, Outcome.APPOINTMENT)


def test_someone_elses_lead_is_refused(session: Session) -> None:
    sato, tanaka = a_salesperson(session), a_salesperson(session, "Tanaka")
    lead = a_lead(session, owner=sato)

    with pytest.raises(UserMistake, match="not_your_lead"):
        log(session, lead, tanaka, Outcome.NO_ANSWER)

    assert session.exec(select(Call)).all() == []


def test_an_inactive_salesperson_logs_nothing(session: Session) -> None:
    sato = a_salesperson(session, active=False)
    lead = a_lead(session, owner=sato)

    with pytest.raises(UserMistake, match="not_active"):
        log(session, lead, sato, Outcome.NO_ANSWER)


def test_a_promise_needs_a_time_that_lies_ahead(session: Session) -> None:
    sato = a_salesperson(session)
    lead = a_lead(session, owner=sato)

    for when in (None, T0):
        with pytest.raises(UserMistake, match="promise_in_past"):
            log(session, lead, sato, Outcome.CALLBACK, callback_at=when)


def test_a_promise_is_kept_by_the_next_talk_but_not_by_an_unanswered_call(
    session: Session,
) -> None:
    sato = a_salesperson(session)
    lead = a_lead(session, owner=sato)
    log(session, lead, sato, Outcome.CALLBACK, callback_at=T0 + days(1))

    log(session, lead, sato, Outcome.NO_ANSWER, at=T0 + days(1), now=T0 + days(1))
    promise = session.exec(select(Callback)).one()
    still_open = promise.closed_at is None
    log(session, lead, sato, Outcome.NOT_NOW, at=T0 + days(2), now=T0 + days(2))
    session.refresh(promise)

    assert still_open
    assert promise.closed_at == T0 + days(2)


def test_do_not_mail_suppresses_the_address_and_the_lead_stays_callable(session: Session) -> None:
    sato = a_salesperson(session)
    lead = a_lead(session, owner=sato)

    log(session, lead, sato, Outcome.DO_NOT_MAIL)

    assert session.get(Suppression, lead.email_key) is not None
    assert lead.call_state is CallState.OPEN


def test_leaving_the_company_leaves_a_task_for_the_owner(session: Session) -> None:
    sato = a_salesperson(session)
    lead = a_lead(session, owner=sato)

    log(session, lead, sato, Outcome.LEFT_COMPANY)

    assert session.exec(select(Task)).one().salesperson_id == sato.id
    assert lead.call_state is CallState.LEFT_COMPANY


def test_a_won_deal_makes_the_account_trade_and_undo_takes_it_back(session: Session) -> None:
    sato = a_salesperson(session)
    lead = a_lead(session, owner=sato)
    won = log(session, lead, sato, Outcome.DEAL_WON)
    account = session.get_one(Account, lead.account_id)
    traded = account.won_on

    undo_outcome(session, won.call.id, by=sato, now=T0, rules=RULES)
    session.flush()

    assert traded == T0.date()
    assert account.won_on is None


@pytest.mark.parametrize("outcome", list(Outcome))
def test_undo_leaves_everything_as_it_was(session: Session, outcome: Outcome) -> None:
    sato = a_salesperson(session)
    lead = a_lead(session, owner=sato)
    log(session, lead, sato, Outcome.CALLBACK, callback_at=T0 + days(1), at=T0 - days(2))
    before = state(session, lead)

    promised = T0 + days(3) if outcome is Outcome.CALLBACK else None
    logged = log(session, lead, sato, outcome, callback_at=promised)
    changed = state(session, lead)
    undo_outcome(session, logged.call.id, by=sato, now=T0 + timedelta(minutes=14), rules=RULES)

    assert changed != before
    assert state(session, lead) == before


def state(session: Session, lead: Lead) -> Any:
    """Everything an outcome may touch, but the log itself."""
    session.flush()
    session.expire_all()
    account = session.get_one(Account, lead.account_id)
    promises = [(p.due_at, p.closed_at) for p in session.exec(select(Callback))]
    tasks = [task.kind for task in session.exec(select(Task))]
    refusals = [refusal.address_key for refusal in session.exec(select(Suppression))]
    standing = (lead.call_state, lead.rest_until, lead.unanswered, lead.last_call_at)
    return standing, lead.last_talk_at, account.won_on, promises, tasks, refusals


def test_undo_ends_after_a_quarter_of_an_hour(session: Session) -> None:
    sato = a_salesperson(session)
    lead = a_lead(session, owner=sato)
    logged = log(session, lead, sato, Outcome.NO_ANSWER)

    with pytest.raises(UserMistake, match="too_late_to_undo"):
        undo_outcome(session, logged.call.id, by=sato, now=T0 + timedelta(minutes=16), rules=RULES)


def test_undo_of_anothers_call_is_refused_and_twice_is_harmless(session: Session) -> None:
    sato, suzuki = a_salesperson(session), a_salesperson(session, "Suzuki")
    lead = a_lead(session, owner=sato)
    logged = log(session, lead, sato, Outcome.NO_ANSWER)

    with pytest.raises(UserMistake, match="not_your_call"):
        undo_outcome(session, logged.call.id, by=suzuki, now=T0, rules=RULES)
    for _ in range(2):
        undo_outcome(session, logged.call.id, by=sato, now=T0, rules=RULES)

    assert last_call(session, lead.id or 0) is None


def test_an_address_refused_elsewhere_stays_refused_when_a_call_is_undone(
    session: Session,
) -> None:
    sato = a_salesperson(session)
    lead = a_lead(session, owner=sato)
    session.add(
        Suppression(address_key=lead.email_key, reason="unsubscribed", source="page", since=T0)
    )
    logged = log(session, lead, sato, Outcome.DO_NOT_MAIL)

    undo_outcome(session, logged.call.id, by=sato, now=T0, rules=RULES)

    assert session.get(Suppression, lead.email_key) is not None


def test_a_corrected_number_stays_corrected_when_a_later_call_is_undone(session: Session) -> None:
    sato = a_salesperson(session)
    lead = a_lead(session, owner=sato)
    log(session, lead, sato, Outcome.WRONG_NUMBER, at=T0 - days(2))
    session.exec(select(Task)).one().done_at = T0 - days(1)  # as an import with a new number does
    lead.call_state = CallState.OPEN
    later = log(session, lead, sato, Outcome.NO_ANSWER)

    undo_outcome(session, later.call.id, by=sato, now=T0, rules=RULES)

    assert lead.call_state is CallState.OPEN


def test_whoever_refused_twice_still_refuses_when_one_call_is_undone(session: Session) -> None:
    sato = a_salesperson(session)
    lead = a_lead(session, owner=sato)
    first = log(session, lead, sato, Outcome.DO_NOT_MAIL)
    log(session, lead, sato, Outcome.DO_NOT_MAIL)

    undo_outcome(session, first.call.id, by=sato, now=T0, rules=RULES)

    assert session.get(Suppression, lead.email_key) is not None


def test_an_admin_in_another_zone_leaves_the_days_of_a_lead_alone(session: Session) -> None:
    sato = a_salesperson(session)
    admin = a_salesperson(session, "Adams", role=Role.ADMIN, timezone="America/Los_Angeles")
    lead = a_lead(session, owner=sato)
    log(session, lead, sato, Outcome.NOT_NOW)
    before = lead.rest_until
    slip = log(session, lead, admin, Outcome.NO_ANSWER, at=T0 + days(1), now=T0 + days(1))

    undo_outcome(session, slip.call.id, by=admin, now=T0 + days(1), rules=RULES)

    assert lead.rest_until == before
