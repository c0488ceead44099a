"""A stored list as its page: what the message, the Home tab and the command line show."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session

from bot.rules.ranking import Reason
from bot.rules.settings import OutcomeSettings
from bot.views.daily_list import ListPage, Logged, Row
from models import (
    Account,
    Call,
    Callback,
    DailyList,
    Lead,
    ListEntry,
    Salesperson,
    table_of,
)


def read_page(session: Session, list_id: int, settings: OutcomeSettings, now: datetime) -> ListPage:
    """The list as the database has it now. Times in it are local to its salesperson."""
    daily = session.get_one(DailyList, list_id)
    person = session.get_one(Salesperson, daily.salesperson_id)
    zone = ZoneInfo(person.timezone)
    return ListPage(
        list_id=list_id,
        salesperson=person.name,
        language=person.language,
        day=daily.local_date,
        capacity=daily.capacity,
        window_start=daily.window_start,
        rows=tuple(
            _row(found, zone, settings, now) for found in session.execute(_entries(list_id))
        ),
    )


def lead_row(session: Session, lead_id: int, reasons: Sequence[Reason] = ()) -> Row:
    """A lead as a card outside any list: place 0, entry 0."""
    lead = session.get_one(Lead, lead_id)
    account = session.get_one(Account, lead.account_id)
    fields = (lead.name, account.name, lead.department, lead.title, lead.phone, lead.mobile)
    return _drawn(
        (0, lead_id, 0, "first", 0.0, 0.0, [], *fields, lead.phone_note, lead.email),
        tuple(reasons),
    )


def _entries(list_id: int) -> sa.Select[Any]:
    entry, lead, account = table_of(ListEntry).c, table_of(Lead).c, table_of(Account).c
    call, by, kept = table_of(Call).c, table_of(Salesperson).c, table_of(Callback)
    made = table_of(Callback).alias("made")
    return (
        sa.select(
            entry.id,
            entry.lead_id,
            entry.place,
            entry.section,
            entry.score,
            entry.chance,
            entry.reasons,
            lead.name,
            account.name,
            lead.department,
            lead.title,
            lead.phone,
            lead.mobile,
            lead.phone_note,
            lead.email,
            kept.c.due_at,
            call.id,
            call.outcome,
            call.at,
            by.name,
            call.logged_at,
            made.c.due_at,
        )  # fmt: skip
        .join_from(table_of(ListEntry), table_of(Lead), lead.id == entry.lead_id)
        .join(table_of(Account), account.id == lead.account_id)
        .outerjoin(kept, kept.c.id == entry.callback_id)
        .outerjoin(table_of(Call), sa.and_(call.entry_id == entry.id, call.current))
        .outerjoin(table_of(Salesperson), by.id == call.salesperson_id)
        .outerjoin(made, made.c.call_id == call.id)
        .where(entry.list_id == list_id)
        .order_by(entry.place)
    )


def _row(found: Sequence[Any], zone: ZoneInfo, settings: OutcomeSettings, now: datetime) -> Row:
    promised_at, call_id, outcome, at, by, logged_at, callback_at = found[15:]
    logged = None
    if call_id is not None:
        undoable = now - logged_at <= settings.undo
        logged = Logged(
            call_id, outcome, at.astimezone(zone), by, undoable, _local(callback_at, zone)
        )
    reasons = tuple(Reason(r["key"], r["values"], r["points"]) for r in found[6])
    return _drawn(found[:15], reasons, _local(promised_at, zone), logged)


def _drawn(
    found: Sequence[Any],
    reasons: tuple[Reason, ...],
    callback_at: datetime | None = None,
    logged: Logged | None = None,
) -> Row:
    entry_id, lead_id, place, section, score, chance, _ = found[:7]
    name, company, department, title, phone, mobile, phone_note, email = found[7:15]
    return Row(
        entry_id=entry_id,
        lead_id=lead_id,
        place=place,
        section=section,
        name=name,
        company=company,
        role=" ".join(part for part in (department, title) if part),
        phone=phone or mobile or "",
        phone_note=phone_note,
        email=email or "",
        score=score,
        chance=chance,
        reasons=reasons,
        callback_at=callback_at,
        logged=logged,
    )


def _local(at: datetime | None, zone: ZoneInfo) -> datetime | None:
    return at.astimezone(zone) if at else None
