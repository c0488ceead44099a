"""`callfirst class`: recompute the classes, deal the leads, name what does not fit."""

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import typer
from rich.markup import escape
from rich.table import Table

from bot.commands.base import JsonOption, configured, open_database, print_json, stdout
from bot.texts import text

MOST_SHOWN = 20


def register(app: typer.Typer) -> None:
    app.command(name="class")(classify)


def classify(as_json: bool = JsonOption) -> None:
    """Recompute all classes and deal the leads that have no owner."""
    from bot.class_accounts import class_accounts, list_mismatches
    from bot.clock import now
    from bot.deal_leads import deal_leads

    config = configured()
    moment = now()
    today = moment.astimezone(ZoneInfo(config.tz_default)).date()
    with open_database(config) as database, database.writing() as session:
        report = class_accounts(session, config.class_settings, today, moment)
        dealt = deal_leads(session, config.class_settings)
        mismatches = tuple(list_mismatches(session, config.class_settings))
        report = replace(report, mismatches=mismatches)
    if as_json:
        print_json(report.as_json(config.language_default))
    else:
        _print(report, dealt, config)


def _print(report: Any, dealt: int, config: Any) -> None:
    language = config.language_default

    def say(key: str, **values: object) -> str:
        return text(key, language, **values)

    counts = Table(say("class.heading.class"), say("class.heading.accounts"))
    for name, count in report.counts.items():
        counts.add_row(name.value, str(count))
    stdout.print(counts)
    if report.mismatches:
        table = Table(
            say("class.heading.lead"),
            say("class.heading.company"),
            say("class.heading.class"),
            say("class.heading.owner"),
            say("class.heading.problem"),
        )
        for line in report.mismatches[:MOST_SHOWN]:
            cells = (line.name, line.company, line.customer_class.value, line.owner or "")
            table.add_row(*map(escape, cells), say(line.key))
        stdout.print(table)
        if (more := len(report.mismatches) - MOST_SHOWN) > 0:
            stdout.print(say("class.more", count=more), markup=False)
    stdout.print(say("class.done", moves=len(report.moves), dealt=dealt), markup=False)
