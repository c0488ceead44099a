"""A stored list as its page: what the message, the Home tab and the command line show."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session, select

from bot.rules.listing import Place
from bot.rules.ranking import Reason
from bot.rules.settings import OutcomeSettings
from bot.rules.workdays import local_time
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
from models.enums import Section


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
            _row(found, zone, settings, now)
            for found in session.execute(_entries(), {"list_id": list_id}).all()
        ),
    )


def stored_page(
    session: Session, person: Salesperson, on: date, settings: OutcomeSettings, now: datetime
) -> ListPage | None:
    """The person's list for a local date, or None when none was built."""
    found = session.exec(
        select(DailyList).where(DailyList.salesperson_id == person.id, DailyList.local_date == on)
    ).first()
    if found is None or found.id is None:
        return None
    return read_page(session, found.id, settings, now)


def planned_page(
    session: Session, person: Salesperson, on: date, capacity: int, places: Sequence[Place]
) -> ListPage:
    """Places that are not stored, as the page they would make."""
    rows = []
    for number, place in enumerate(places, start=1):
        facts = place.scored.facts
        row = lead_row(session, facts.lead_id, told(place))
        rows.append(
            replace(
                row,
                place=number,
                section=place.section,
                score=place.scored.score,
                chance=place.scored.chance,
                callback_at=facts.callback_at if place.section is Section.PROMISED else None,
            )
        )
    return ListPage(0, person.name, person.language, on, capacity, 0, tuple(rows))


def told(place: Place) -> list[Reason]:
    """A place's reasons in the order they are told: what it is first, then the points."""
    return [*([place.label] if place.label else []), *place.scored.reasons]


def lead_row(session: Session, lead_id: int, reasons: Sequence[Reason] = ()) -> Row:
    """A lead as a card outside any list: place 0, entry 0."""
    lead = session.get_one(Lead, lead_id)
    account = session.get_one(Account, lead.account_id)
    fields = (lead.name, account.name, lead.department, lead.title, lead.phone, lead.mobile)
    return _drawn(
        (0, lead_id, 0, Section.FIRST, 0.0, 0.0, [], *fields, lead.phone_note, lead.email),
        tuple(reasons),
    )


@cache  # a statement of this size takes longer to put together than to run
def _entries() -> sa.Select[Any]:
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
        .where(entry.list_id == sa.bindparam("list_id"))
        .order_by(entry.place)
    )


def _row(found: Sequence[Any], zone: ZoneInfo, settings: OutcomeSettings, now: datetime) -> Row:
    promised_at, call_id, outcome, at, by, logged_at, callback_at = found[15:]
    logged = None
    if call_id is not None:
        undoable = now - logged_at <= settings.undo
        logged = Logged(
            call_id, outcome, at.astimezone(zone), by, undoable, local_time(callback_at, zone)
        )
    reasons = tuple(Reason(r["key"], r["values"], r["points"]) for r in found[6])
    return _drawn(found[:15], reasons, local_time(promised_at, zone), logged)


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
