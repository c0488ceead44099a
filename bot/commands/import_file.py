"""`callfirst import FILE`: a customer file in, counts and rejected rows out."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bot.commands.base import (
    JsonOption,
    configured,
    open_database,
    print_json,
    refuse,
    stderr,
    stdout,
)
from bot.texts import text
from models.enums import Basis, ImportKind

MOST_SHOWN = 50  # rows of a table on the screen; --json shows all


def register(app: typer.Typer) -> None:
    app.command(name="import")(import_file)


def import_file(
    file: Path = typer.Argument(help="CSV in UTF-8, with BOM, or CP932 (Shift_JIS)."),
    kind: ImportKind = typer.Option(ImportKind.LEADS, "--as", help="What the file holds."),
    dry_run: bool = typer.Option(False, "--dry-run", help="Count and check, write nothing."),
    as_json: bool = JsonOption,
    basis: Basis | None = typer.Option(
        None, "--basis", help="Why these addresses may be mailed, where the row does not say."
    ),
    by: str = typer.Option("command line", "--by", help="Who imports; kept with the records."),
) -> None:
    """Import customers, then class the accounts and deal the leads."""
    config = configured()
    try:
        data = file.read_bytes()
    except OSError as error:
        refuse(text("import.no_file", config.language_default, file=file, why=error.strerror))
    with open_database(config) as database, _progress(file.name) as progress:
        given = {"file_name": file.name, "by": by, "dry_run": dry_run, "progress": progress}
        report = _run(config, database, data, kind, basis, given)
    if as_json:
        print_json(report.as_json(config.language_default))
    else:
        _print(report, config.language_default)


def _run(
    config: Any, database: Any, data: bytes, kind: ImportKind, basis: Basis | None, given: Any
) -> Any:
    from bot.clock import now
    from bot.import_accounts import import_accounts
    from bot.import_leads import import_leads
    from bot.import_suppressions import import_suppressions

    moment = now()
    if kind is ImportKind.SUPPRESSIONS:
        return import_suppressions(database, data, now=moment, **given)
    if kind is ImportKind.ACCOUNTS:
        report = import_accounts(database, data, now=moment, **given)
    else:
        language = config.language_default
        report = import_leads(database, data, now=moment, basis=basis, language=language, **given)
    if not given["dry_run"]:
        _class_and_deal(config, database, moment)
    return report


def _class_and_deal(config: Any, database: Any, moment: Any) -> None:
    from bot.class_accounts import class_accounts
    from bot.deal_leads import deal_leads

    today = moment.astimezone(ZoneInfo(config.tz_default)).date()
    with database.writing() as session:
        class_accounts(session, config.class_settings, today, moment)
        deal_leads(session, config.class_settings)


@contextmanager
def _progress(name: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr that goes away when the work is done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    elapsed = TimeElapsedColumn()
    quiet = not stderr.is_terminal
    with Progress(*columns, elapsed, console=stderr, transient=True, disable=quiet) as bar:
        task = bar.add_task(escape(name), total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _print(report: Any, language: Any) -> None:
    def say(key: str, **values: object) -> str:
        return text(key, language, **values)

    counts = Table(show_header=False)
    for label, count in (
        (say("import.count.new"), report.new),
        (say("import.count.changed"), report.changed),
        (say("import.count.same"), report.same),
        (say("import.count.duplicate"), report.duplicate),
        (say("import.count.rejected"), len(report.rejected)),
        (say("import.count.suppressed"), report.suppressed),
        (say("import.count.not_mailable"), report.not_mailable),
    ):
        counts.add_row(label, str(count))
    stdout.print(counts)
    _print_faults(say("import.rejected"), report.rejected, say)
    _print_faults(say("import.remarks"), report.remarks, say)
    if report.import_id is None:
        stdout.print(say("import.dry_run"), markup=False)


def _print_faults(title: str, faults: Any, say: Callable[..., str]) -> None:
    if not faults:
        return
    table = Table(
        say("import.heading.line"),
        say("import.heading.column"),
        say("import.heading.value"),
        say("import.heading.reason"),
        title=title,
        title_justify="left",
    )
    for fault in faults[:MOST_SHOWN]:
        cells = (str(fault.line), fault.column, fault.value, say(fault.key))
        table.add_row(*map(escape, cells))
    stdout.print(table)
    if (more := len(faults) - MOST_SHOWN) > 0:
        stdout.print(say("import.more", count=more), markup=False)
