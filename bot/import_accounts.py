"""A file of companies and their figures → accounts. People are not touched."""

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from bot.errors import UserMistake
from bot.rules.headings import Column
from bot.rules.import_plan import AccountFacts, Colleague, Colleagues, plan_accounts
from bot.rules.lead_rows import Fault, LeadRow, read_leads
from bot.rules.reading import Unreadable, read_table
from bot.views.import_report import ImportReport
from models import Account, Database, ImportRun, Salesperson
from models.bulk import insert_rows, rows_where, table_of, update_rows
from models.enums import ImportKind


def import_accounts(
    database: Database,
    data: bytes,
    *,
    file_name: str,
    by: str,
    now: datetime,
    dry_run: bool,
    progress: Callable[[int, int], None],
) -> ImportReport:
    """Import companies in one transaction; a dry run counts the same and writes nothing.

    Raises UserMistake when the file as a whole cannot be read.
    """
    try:
        table = read_table(data, (Column.COMPANY,), "import.no_company_column")
    except Unreadable as error:
        raise UserMistake(error.key, **error.values) from error
    read = list(read_leads(table, now.date()))
    progress(1, 1)
    heading = table.heading(Column.COMPANY)
    rows = [each.lead for each in read if each.lead and each.lead.company_key]
    rejected = [each.fault for each in read if each.fault] + [
        Fault(each.line, heading, "", "import.no_company")
        for each in read
        if each.lead and not each.lead.company_key
    ]
    keys = {row.company_key for row in rows}
    with database.reading() if dry_run else database.writing() as session:
        ids, stored = _stored(session, rows)
        new, changed = plan_accounts(rows, stored, _colleagues(session))
        run = ImportRun(
            kind=ImportKind.ACCOUNTS,
            file_name=file_name,
            by=by,
            at=now,
            new=len(new),
            changed=len(changed),
            same=len(keys) - len(new) - len(changed),
            rejected=len(rejected),
        )
        import_id = None if dry_run else _remember(session, new, changed, ids, run)
    return ImportReport(
        import_id=import_id,
        kind=ImportKind.ACCOUNTS,
        new=run.new,
        changed=run.changed,
        same=run.same,
        duplicate=len(rows) - len(keys),
        suppressed=0,
        not_mailable=0,
        rejected=tuple(sorted(rejected, key=lambda fault: fault.line)),
        remarks=tuple(remark for each in read for remark in each.remarks),
    )


def _stored(
    session: Session, rows: list[LeadRow]
) -> tuple[dict[str, int], dict[str, AccountFacts]]:
    columns = ("id", "name_key", *AccountFacts._fields)
    keys = {row.company_key for row in rows}
    found = list(rows_where(session, Account, columns, "name_key", keys))
    return {row[1]: row[0] for row in found}, {row[1]: AccountFacts(*row[2:]) for row in found}


def _colleagues(session: Session) -> Colleagues:
    c = table_of(Salesperson).c
    people = session.connection().execute(
        sa.select(c.id, c.name, c.email, c.team).where(c.active).order_by(c.id)
    )
    return Colleagues(Colleague(*person) for person in people)


def _remember(
    session: Session,
    new: dict[str, AccountFacts],
    changed: dict[str, AccountFacts],
    ids: dict[str, int],
    run: ImportRun,
) -> int:
    session.add(run)
    session.flush()
    assert run.id is not None
    blank = {"class_why": ""}
    insert_rows(
        session,
        Account,
        [{"name_key": key} | facts._asdict() | blank for key, facts in new.items()],
    )
    rows = [facts._asdict() | {"id": ids[key]} for key, facts in changed.items()]
    update_rows(session, Account, "id", rows)
    return run.id
