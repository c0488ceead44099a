"""Buttons of the daily list: log an outcome, promise a call, undo, show the next leads."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from slack_bolt import Ack, App
from sqlmodel import Session

from bot.config import Config
from bot.desk import entry_of, lead_of, person_in_slack, todays_page
from bot.list_page import lead_row
from bot.log_outcome import (
    LoggedCall,
    LogResult,
    OutcomeRules,
    check_owner,
    log_outcome,
    undo_outcome,
)
from bot.parts import Parts
from bot.rules.callback_time import promised_at
from bot.rules.workdays import calendar
from bot.show_home import show_home
from bot.show_next_leads import show_next_leads
from bot.texts import text
from bot.views.callback_modal import CALLBACK_MODAL, DATE, TIME, callback_modal, read_promise
from bot.views.daily_list import (
    CALLBACK_PRESSED,
    NEXT_PRESSED,
    OTHER_CHOSEN,
    OUTCOME_PRESSED,
    UNDO_PRESSED,
    daily_list,
    summary,
)
from models.enums import Language, Outcome

VIEWS = (CALLBACK_MODAL,)

WRITER_WAIT = 1.5  # seconds; Slack gives up after three
Body = dict[str, Any]


def register(app: App, parts: Parts) -> None:
    """Hear every button the list draws."""

    @app.action(OUTCOME_PRESSED)
    def outcome_pressed(ack: Ack, action: Body, body: Body) -> None:
        _log(parts, Outcome(action["action_id"].split(":")[1]), action["value"], action, body)
        ack()

    @app.action(OTHER_CHOSEN)
    def other_chosen(ack: Ack, action: Body, body: Body) -> None:
        outcome, value = action["selected_option"]["value"].split(":")
        _log(parts, Outcome(outcome), value, action, body)
        ack()

    @app.action(CALLBACK_PRESSED)
    def promise_pressed(ack: Ack, action: Body, body: Body) -> None:
        _open_promise(parts, action["value"], body)
        ack()

    @app.view(CALLBACK_MODAL)
    def promise_submitted(ack: Ack, view: Body, body: Body) -> None:
        errors = _promise(parts, view, body)
        ack(response_action="errors", errors=errors) if errors else ack()

    @app.action(UNDO_PRESSED)
    def undo_pressed(ack: Ack, action: Body, body: Body) -> None:
        _undo(parts, int(action["value"]), body)
        ack()

    @app.action(NEXT_PRESSED)
    def next_pressed(ack: Ack, action: Body, body: Body) -> None:
        with parts.database.writing(wait=WRITER_WAIT) as session:
            person = person_in_slack(session, body["user"]["id"])
            assert person.id is not None
            show_next_leads(session, int(action["value"]), person.id, parts.config, parts.now())
        _shown_again(parts, body)
        ack()


def rules_of(config: Config) -> OutcomeRules:
    days = calendar(config.holiday_country, config.company_holidays)
    return OutcomeRules(config.outcome_settings, days)


def _log(parts: Parts, outcome: Outcome, value: str, action: Body, body: Body) -> None:
    with parts.database.writing(wait=WRITER_WAIT) as session:
        now = parts.now()  # once the writer is ours, so that what is stamped earlier came earlier
        person = person_in_slack(session, body["user"]["id"])
        logged = log_outcome(
            session,
            outcome,
            lead_id=lead_of(session, value),
            entry_id=entry_of(value),
            by=person,
            at=now,
            now=now,
            rules=rules_of(parts.config),
            press_key=_press_key(action, body),
        )
        said = _answer(session, logged, value, person.language)
    _shown_again(parts, body)
    if said:
        _tell(parts, body, said)


def _answer(session: Session, logged: LoggedCall, value: str, language: Language) -> str:
    """What to say besides the folded row; nothing when the row says it all."""
    on_list = value == f"e{logged.call.entry_id}"
    if on_list and logged.result is not LogResult.ALREADY:
        return ""
    key = "outcome.already" if logged.result is LogResult.ALREADY else "outcome.logged"
    outcome = text(f"outcome.{logged.call.outcome}", language)
    return text(key, language, name=lead_row(session, logged.call.lead_id).name, outcome=outcome)


def _press_key(action: Body, body: Body) -> str:
    """One press, however often Slack delivers it: user, message, button and its own time."""
    container = body.get("container", {})
    where = container.get("message_ts") or container.get("view_id") or ""
    parts = (body["user"]["id"], where, action["action_id"], action.get("action_ts", ""))
    return ":".join(parts)


def _open_promise(parts: Parts, value: str, body: Body) -> None:
    now = parts.now()
    with parts.database.reading() as session:
        person = person_in_slack(session, body["user"]["id"])
        lead_id = lead_of(session, value)
        check_owner(session, lead_id, person)
        row = lead_row(session, lead_id)
    tomorrow = _suggested(now, ZoneInfo(person.timezone), parts.config)
    view = callback_modal(row.name, row.company, value, tomorrow, person.language)
    trigger = body["trigger_id"]
    parts.later(partial(parts.slack.open_view, trigger, view))


def _suggested(now: datetime, zone: ZoneInfo, config: Config) -> datetime:
    """The next working day at ten: the promise people make most."""
    days = calendar(config.holiday_country, config.company_holidays)
    day = days.add_workdays(now.astimezone(zone).date(), 1)
    return datetime.combine(day, datetime.min.time(), zone) + timedelta(hours=10)


def _promise(parts: Parts, view: Body, body: Body) -> dict[str, str]:
    """Log a promise; what is wrong with the dialog comes back by block id."""
    with parts.database.writing(wait=WRITER_WAIT) as session:
        now = parts.now()  # once the writer is ours, so that what is stamped earlier came earlier
        person = person_in_slack(session, body["user"]["id"])
        entered = read_promise(view["state"]["values"])
        if entered is None:
            return {DATE: text("promise.bad_date", person.language)}
        day, at, note = entered
        due = promised_at(day, at, ZoneInfo(person.timezone), now)
        if due is None:
            return {TIME: text("outcome.promise_in_past", person.language)}
        log_outcome(
            session,
            Outcome.CALLBACK,
            lead_id=lead_of(session, view["private_metadata"]),
            entry_id=entry_of(view["private_metadata"]),
            by=person,
            at=now,
            now=now,
            rules=rules_of(parts.config),
            callback_at=due,
            note=note,
            press_key=f"{person.slack_id}:{view.get('id', '')}",
        )
    _shown_again(parts, body)
    return {}


def _undo(parts: Parts, call_id: int, body: Body) -> None:
    with parts.database.writing(wait=WRITER_WAIT) as session:
        now = parts.now()  # once the writer is ours, so that what is stamped earlier came earlier
        person = person_in_slack(session, body["user"]["id"])
        undo_outcome(session, call_id, by=person, now=now, rules=rules_of(parts.config))
    _shown_again(parts, body)


def _shown_again(parts: Parts, body: Body) -> None:
    """The message is brought up to date by its updater; Home and ephemeral lists here."""
    parts.stale.set()
    container = body.get("container", {})
    if container.get("type") == "view":
        home = (parts.database, parts.slack, parts.config, body["user"]["id"], parts.now())
        parts.later(partial(show_home, *home))
    elif container.get("is_ephemeral"):
        parts.later(partial(_redraw_ephemeral, parts, body))


def _redraw_ephemeral(parts: Parts, body: Body) -> None:
    with parts.database.reading() as session:
        person = person_in_slack(session, body["user"]["id"])
        page = todays_page(session, person, parts.config, parts.now())
    if page is not None and body.get("response_url"):
        parts.slack.respond(body["response_url"], summary(page), daily_list(page))


def _tell(parts: Parts, body: Body, sentence: str) -> None:
    if url := body.get("response_url"):
        parts.later(partial(parts.slack.respond, url, sentence))
