"""The daily list and the log of calls, without Slack."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import typer
from rich.markup import escape
from rich.table import Table

from bot.commands.base import JsonOption, configured, open_database, print_json, refuse, stdout
from bot.texts import text
from models.enums import Language, Outcome


def register(app: typer.Typer) -> None:
    app.command("list")(show_list)
    app.command("outcome")(log)
    app.command("why")(why)


def show_list(
    rep: str = typer.Option(..., help="The salesperson's e-mail or Slack id."),
    date: str = typer.Option("", help="A local date, YYYY-MM-DD; empty means today."),
    as_json: bool = JsonOption,
) -> None:
    """Show a salesperson's list: the one that was posted, else what it would be now."""
    from bot.build_daily_lists import places_for
    from bot.clock import now
    from bot.desk import person_by_name
    from bot.list_page import planned_page, stored_page
    from bot.views.list_document import list_document

    config, moment = configured(), now()
    with open_database(config) as database, database.reading() as session:
        person = person_by_name(session, rep)
        on = _date(date) or moment.astimezone(ZoneInfo(person.timezone)).date()
        page = stored_page(session, person, on, config.outcome_settings, moment)
        if page is None:
            places = places_for(session, person, on, person.capacity, config, moment)
            page = planned_page(session, person, on, person.capacity, places)
    document = list_document(page)
    if as_json:
        print_json(document)
    else:
        _print_list(document, config.language_default)


def log(
    lead: str = typer.Argument(..., help="The lead's id or address."),
    outcome: str = typer.Argument("", help="What came of the call; see the README for the list."),
    by: str = typer.Option(..., help="The salesperson's e-mail or Slack id."),
    at: str = typer.Option("", help="When the call was, YYYY-MM-DDTHH:MM local; empty means now."),
    callback: str = typer.Option("", help="When to call back, YYYY-MM-DDTHH:MM local."),
    note: str = typer.Option("", help="A note to keep with the call."),
    undo: bool = typer.Option(False, "--undo", help="Take the last outcome of this lead back."),
    as_json: bool = JsonOption,
) -> None:
    """Log what came of a call, with its consequence."""
    from bot.clock import now
    from bot.desk import person_by_name
    from bot.explain_lead import find_lead
    from bot.log_outcome import OutcomeRules, last_call, log_outcome, undo_outcome
    from bot.rules.workdays import calendar

    config = configured()
    rules = OutcomeRules(
        config.outcome_settings, calendar(config.holiday_country, config.company_holidays)
    )
    with open_database(config) as database, database.writing() as session:
        person, moment = person_by_name(session, by), now()
        lead_id = int(find_lead(session, lead).id or 0)
        if undo:
            latest = last_call(session, lead_id)
            if latest is None or latest.id is None:
                refuse(f"lead {lead} has no logged call to take back")
            call = undo_outcome(session, latest.id, by=person, now=moment, rules=rules)
        else:
            call = log_outcome(
                session,
                _outcome(outcome, config.language_default),
                lead_id=lead_id,
                by=person,
                at=_moment(at, person.timezone) or moment,
                now=moment,
                rules=rules,
                callback_at=_moment(callback, person.timezone),
                note=note,
            ).call
        document = {
            "call_id": call.id,
            "lead_id": lead_id,
            "outcome": call.outcome,
            "current": call.current,
        }
    if as_json:
        print_json(document)
    else:
        language = config.language_default
        key = "outcome.said" if document["current"] else "outcome.taken_back"
        said = text(f"outcome.{document['outcome']}", language)
        stdout.print(text(key, language, lead=lead_id, outcome=said), markup=False)


def why(
    lead: str = typer.Argument(..., help="The lead's id or address."),
    date: str = typer.Option("", help="A local date, YYYY-MM-DD; empty means today."),
    as_json: bool = JsonOption,
) -> None:
    """Say why a lead is on the list or not, and whether it may be mailed."""
    from bot.clock import now
    from bot.explain_lead import explain_lead, find_lead
    from bot.explain_mailing import explain_mailing

    config = configured()
    with open_database(config) as database, database.reading() as session:
        found = find_lead(session, lead)
        document = explain_lead(session, found, _date(date), config, now())
        document["mail"] = explain_mailing(session, found, config, now())
    if as_json:
        print_json(document)
    else:
        _print_why(document, config.language_default)


def _date(value: str) -> Any:
    from datetime import date

    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        refuse(f"--date {value!r} is not a date; write YYYY-MM-DD")


def _moment(value: str, zone: str) -> datetime | None:
    """A local time as typed; one without a zone is meant in the salesperson's."""
    if not value:
        return None
    try:
        typed = datetime.fromisoformat(value)
    except ValueError:
        refuse(f"{value!r} is not a time; write YYYY-MM-DDTHH:MM")
    return typed if typed.tzinfo else typed.replace(tzinfo=ZoneInfo(zone))


def _outcome(typed: str, language: Language) -> Outcome:
    """The outcome by its name, or by its words in the reader's language."""
    words = {text(f"outcome.{outcome}", language): outcome for outcome in Outcome}
    if typed in words:
        return words[typed]
    try:
        return Outcome(typed)
    except ValueError:
        refuse(f"{typed!r} is no outcome; choose one of: {', '.join(Outcome)}")


def _print_list(document: dict[str, Any], language: Language) -> None:
    from bot.views.daily_list import phone_text

    table = Table(title=f"{document['salesperson']}, {document['date']}")
    for column in ("place", "section", "name", "company", "phone", "score", "reasons"):
        table.add_column(text(f"list.column.{column}", language), overflow="fold")
    for section in document["sections"]:
        title = text(f"section.{section['name']}", language)
        for entry in section["entries"]:
            reasons = "\n".join(reason["text"] for reason in entry["reasons"][:3])
            cells = (entry["name"], entry["company"], phone_text(entry["phone"]))
            figures = (f"{entry['score']:.2f}", reasons)
            table.add_row(*map(escape, (str(entry["place"]), title, *cells, *figures)))
    stdout.print(table)


def _print_why(document: dict[str, Any], language: Language) -> None:
    def say(key: str, **values: object) -> None:
        stdout.print(text(key, language, **values), markup=False, highlight=False)

    where = document["section"]
    section = text(f"section.{where}", language) if where else text("why.nowhere", language)
    score = f"{document['score']:.2f}"
    say("why.head", lead=document["lead_id"], section=section, score=score)
    for reason in document["contributions"]:
        say("why.reason", points=f"{reason['points']:+.2f}", reason=reason["text"])
    for rule in document["kept_off"]:
        until = rule["until"] or text("why.open_end", language)
        say("why.kept_off", reason=rule["text"], until=until)
    mail = document["mail"]
    say("why.may" if mail["may"] else "why.may_not", reason=", ".join(mail["because"]))
