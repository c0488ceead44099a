"""A file of addresses that opted out elsewhere → suppressions. Only adds, never takes away."""

from collections.abc import Callable, Collection
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from bot.errors import UserMistake
from bot.rules.address_rows import read_addresses
from bot.rules.headings import Column
from bot.rules.lead_rows import Fault
from bot.rules.reading import Unreadable, read_table
from bot.views.import_report import ImportReport
from models import Database, ImportRun, Suppression
from models.bulk import in_parts, insert_rows, rows_where, table_of
from models.enums import ImportKind, SuppressionReason


def import_suppressions(
    database: Database,
    data: bytes,
    *,
    file_name: str,
    by: str,
    now: datetime,
    dry_run: bool,
    progress: Callable[[int, int], None],
) -> ImportReport:
    """Stop all mail to the file's addresses, in one transaction; a dry run only counts.

    Raises UserMistake when the file as a whole cannot be read.
    """
    try:
        table = read_table(data, (Column.EMAIL,), "import.no_address_column")
    except Unreadable as error:
        raise UserMistake(error.key, **error.values) from error
    read = list(read_addresses(table))
    progress(1, 1)
    rejected = tuple(each for each in read if isinstance(each, Fault))
    addresses = [each for each in read if isinstance(each, str)]
    wanted = dict.fromkeys(addresses)
    with database.reading() if dry_run else database.writing() as session:
        columns = ("address_key",)
        known = {key for (key,) in rows_where(session, Suppression, columns, "address_key", wanted)}
        new = [key for key in wanted if key not in known]
        run = ImportRun(
            kind=ImportKind.SUPPRESSIONS,
            file_name=file_name,
            by=by,
            at=now,
            new=len(new),
            same=len(known),
            rejected=len(rejected),
        )
        import_id = None if dry_run else _remember(session, new, known, run)
    return ImportReport(
        import_id=import_id,
        kind=ImportKind.SUPPRESSIONS,
        new=len(new),
        changed=0,
        same=len(known),
        duplicate=len(addresses) - len(wanted),
        suppressed=len(wanted),
        not_mailable=0,
        rejected=rejected,
        remarks=(),
    )


def _remember(
    session: Session, addresses: list[str], known: Collection[str], run: ImportRun
) -> int:
    session.add(run)
    session.flush()
    assert run.id is not None
    rows = [
        {
            "address_key": key,
            "reason": SuppressionReason.IMPORTED,
            "source": run.file_name,
            "since": run.at,
            "call_id": None,
        }
        for key in addresses
    ]
    insert_rows(session, Suppression, rows)
    _outlive_calls(session, known)
    return run.id


def _outlive_calls(session: Session, addresses: Collection[str]) -> None:
    """What a file refuses, undoing a logged call must not give back."""
    refusal = table_of(Suppression)
    for part in in_parts(addresses):
        session.connection().execute(
            sa.update(refusal)
            .where(refusal.c.address_key.in_(part), refusal.c.call_id.is_not(None))
            .values(call_id=None, reason=SuppressionReason.IMPORTED)
        )
