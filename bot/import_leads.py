"""A customer file → accounts, leads and consents, all of them or none.

Reading and cleaning happen before the database is taken, so that clicks in Slack wait only while
the prepared rows are written.

Whose customer it is: 担当者 names a salesperson by name or e-mail. That makes the salesperson the
lead's owner by choice, and, when the salesperson is in the field team, the one who trades with
the account now. An unknown name is a remark; the row is kept.
"""

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col

from bot.errors import UserMistake
from bot.rules.cleaning import name_key
from bot.rules.headings import Column
from bot.rules.import_plan import (
    AccountFacts,
    Colleague,
    Colleagues,
    LeadFacts,
    NewConsent,
    Plan,
    Stored,
    Terms,
    person_account_key,
    plan_leads,
)
from bot.rules.lead_rows import Fault, LeadRow, read_leads
from bot.rules.merging import Known, Person, drafts
from bot.rules.reading import Table, Unreadable, read_table
from bot.texts import text
from bot.views.import_report import ImportReport
from models import Account, Consent, Database, ImportRun, Lead, Salesperson, Suppression, Task
from models.bulk import in_parts, insert_rows, rows_where, table_of, update_rows
from models.enums import Basis, ImportKind, Language, TaskKind

NEEDED = (Column.COMPANY, Column.NAME, Column.FAMILY_NAME)
LEAD_COLUMNS = LeadFacts._fields[1:]  # all but the account's key
TELL_EVERY = 1_000  # rows between two reports of progress


def import_leads(
    database: Database,
    data: bytes,
    *,
    file_name: str,
    by: str,
    now: datetime,
    basis: Basis | None,
    dry_run: bool,
    progress: Callable[[int, int], None],
    language: Language = Language.JA,
) -> ImportReport:
    """Import a customer file in one transaction; a dry run counts the same and writes nothing.

    `basis` holds for addresses whose row gives none; `language` for people whose row gives none.
    Raises UserMistake when the file as a whole cannot be read.
    """
    try:
        table = read_table(data, NEEDED)
    except Unreadable as error:
        raise UserMistake(error.key, **error.values) from error
    with _uncollected():
        rows, rejected, remarks = _read(table, now.date(), progress)
    terms = Terms(basis, language, no_name=text("import.no_name", language))
    with _uncollected(), database.reading() if dry_run else database.writing() as session:
        colleagues = _colleagues(session)
        gathered = _Gathered(session, rows)
        found = drafts(rows, gathered.known())
        plan = plan_leads(found, gathered.stored, colleagues, terms)
        run = ImportRun(
            kind=ImportKind.LEADS,
            file_name=file_name,
            by=by,
            at=now,
            new=plan.new,
            changed=plan.changed,
            same=plan.same,
            rejected=len(rejected),
        )
        import_id = None if dry_run else _remember(session, plan, gathered.account_ids, run)
    remarks += _unknown_colleagues(rows, colleagues, table)
    return ImportReport(
        import_id=import_id,
        kind=ImportKind.LEADS,
        new=plan.new,
        changed=plan.changed,
        same=plan.same,
        duplicate=plan.duplicate,
        suppressed=plan.suppressed,
        not_mailable=plan.not_mailable,
        rejected=tuple(rejected),
        remarks=tuple(sorted(remarks, key=lambda remark: remark.line)),
    )


@contextmanager
def _uncollected() -> Iterator[None]:
    """No garbage collection: an import keeps what it makes, and looking took 18 % of its time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _read(
    table: Table, today: date, progress: Callable[[int, int], None]
) -> tuple[list[LeadRow], list[Fault], list[Fault]]:
    """The file's good rows, its faults and its remarks."""
    rows: list[LeadRow] = []
    rejected: list[Fault] = []
    remarks: list[Fault] = []
    lines = table.data.count(b"\n") + 1
    for number, read in enumerate(read_leads(table, today)):
        if number % TELL_EVERY == 0:
            progress(read.line, lines)
        if read.lead:
            rows.append(read.lead)
        if read.fault:
            rejected.append(read.fault)
        remarks += read.remarks
    progress(lines, lines)
    return rows, rejected, remarks


def _unknown_colleagues(rows: list[LeadRow], colleagues: Colleagues, table: Table) -> list[Fault]:
    return [
        Fault(
            row.line,
            table.heading(Column.SALESPERSON),
            row.salesperson,
            "import.unknown_salesperson",
        )
        for row in rows
        if row.salesperson and not colleagues.named(row.salesperson)
    ]


# --- gather ---------------------------------------------------------------------------------


def _colleagues(session: Session) -> Colleagues:
    c = table_of(Salesperson).c
    people = session.connection().execute(
        sa.select(c.id, c.name, c.email, c.team).where(c.active).order_by(c.id)
    )
    return Colleagues(Colleague(*person) for person in people)


class _Gathered:
    """What is stored about the people and companies of a file, and nothing else."""

    def __init__(self, session: Session, rows: list[LeadRow]) -> None:
        self._session = session
        self.account_ids: dict[str, int] = {}
        self._accounts: dict[str, AccountFacts] = {}
        self._account_keys: dict[int, str] = {}
        self._leads: dict[int, LeadFacts] = {}
        addresses = {row.address.key for row in rows if row.address and row.address.key}
        companies = {row.company_key or person_account_key(row) for row in rows}
        self._load_accounts("name_key", companies)
        self._load_leads("email_key", addresses)
        self._load_leads("account_id", self._accounts_to_search(rows))
        addresses |= {lead.email_key for lead in self._leads.values() if lead.email_key}
        self.stored = Stored(
            leads=self._leads,
            accounts=self._accounts,
            consents=dict(self._about(Consent, "basis", addresses)),
            suppressed=frozenset(dict(self._about(Suppression, "reason", addresses))),
        )

    def _accounts_to_search(self, rows: list[LeadRow]) -> set[int]:
        """The accounts of rows whose address tells nothing, so that the name must."""
        found = {lead.email_key for lead in self._leads.values()}
        keys = {
            row.company_key or person_account_key(row)
            for row in rows
            if not (row.address and row.address.key and row.address.key in found)
        }
        return {self.account_ids[key] for key in keys if key in self.account_ids}

    def _about(self, model: type[SQLModel], value: str, addresses: set[str]) -> Iterator[Any]:
        columns = ("address_key", value)
        yield from rows_where(self._session, model, columns, "address_key", addresses)

    def _load_accounts(self, column: str, values: Iterable[Any]) -> None:
        columns = ("id", "name_key", *AccountFacts._fields)
        for account_id, key, *facts in rows_where(self._session, Account, columns, column, values):
            self.account_ids[key] = account_id
            self._account_keys[account_id] = key
            self._accounts[key] = AccountFacts(*facts)

    def _load_leads(self, column: str, values: Iterable[Any]) -> None:
        columns = ("id", "account_id", *LEAD_COLUMNS)
        found = list(rows_where(self._session, Lead, columns, column, values))
        self._load_accounts("id", {row[1] for row in found} - self._account_keys.keys())
        for lead_id, account_id, *facts in found:
            self._leads[lead_id] = LeadFacts(self._account_keys[account_id], *facts)

    def known(self) -> Known:
        """How the stored leads are matched."""
        by_address: dict[str, int] = {}
        by_person: dict[Person, list[int]] = {}
        without_address: dict[Person, int] = {}
        person_of: dict[int, Person] = {}
        unnamed = {text("import.no_name", language) for language in Language}
        for lead_id, lead in sorted(self._leads.items()):
            person = person_of[lead_id] = _person(lead, unnamed)
            by_person.setdefault(person, []).append(lead_id)
            if lead.email_key:
                by_address[lead.email_key] = lead_id
            else:
                without_address.setdefault(person, lead_id)
        return Known(by_address, by_person, without_address, person_of)


def _person(lead: LeadFacts, unnamed: set[str]) -> Person:
    company = "" if " " in lead.account_key else lead.account_key
    return company, "" if lead.name in unnamed else name_key(lead.name)


# --- remember -------------------------------------------------------------------------------


def _remember(session: Session, plan: Plan, ids: dict[str, int], run: ImportRun) -> int:
    """Write the plan; the caller's transaction makes it all or nothing."""
    session.add(run)
    session.flush()
    assert run.id is not None
    _write_accounts(session, plan, ids)
    fixed = {"customer_class": None, "unanswered": 0, "created_at": run.at, "import_id": run.id}
    insert_rows(session, Lead, [_lead_row(lead, ids) | fixed for lead in plan.new_leads])
    changed = plan.changed_leads.items()
    update_rows(session, Lead, "id", [_lead_row(lead, ids) | {"id": key} for key, lead in changed])
    for part in in_parts(plan.corrected_numbers):
        session.connection().execute(
            sa.update(table_of(Task))
            .where(col(Task.lead_id).in_(part), col(Task.kind) == TaskKind.CORRECT_NUMBER)
            .where(col(Task.done_at).is_(None))
            .values(done_at=run.at)
        )
    _write_consents(session, plan, run)
    return run.id


def _write_accounts(session: Session, plan: Plan, ids: dict[str, int]) -> None:
    """New and changed accounts; `ids` then knows the new ones too."""
    blank = {"class_why": ""}
    insert_rows(
        session,
        Account,
        [{"name_key": key} | facts._asdict() | blank for key, facts in plan.new_accounts.items()],
    )
    new = rows_where(session, Account, ("name_key", "id"), "name_key", plan.new_accounts)
    ids.update((key, account_id) for key, account_id in new)
    changed = plan.changed_accounts.items()
    update_rows(session, Account, "id", [facts._asdict() | {"id": ids[k]} for k, facts in changed])


def _lead_row(lead: LeadFacts, ids: dict[str, int]) -> dict[str, Any]:
    row: dict[str, Any] = dict(zip(LEAD_COLUMNS, lead[1:], strict=True))
    row["account_id"] = ids[lead.account_key]
    return row


def _write_consents(session: Session, plan: Plan, run: ImportRun) -> None:
    def rows(consents: dict[str, NewConsent]) -> list[dict[str, Any]]:
        return [
            {
                "address_key": key,
                "basis": consent.basis,
                "source": consent.source or run.file_name,
                "given_on": consent.given_on,
                "recorded_by": run.by,
                "recorded_at": run.at,
            }
            for key, consent in consents.items()
        ]

    insert_rows(session, Consent, rows(plan.new_consents))
    update_rows(session, Consent, "address_key", rows(plan.changed_consents))
