"""Build each salesperson's list for their own morning, exactly one per local date."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session, col, select

from bot.config import Config
from bot.lead_facts import last_mailed, lead_facts
from bot.list_page import told
from bot.rules.listing import Place, daily_places, labelled
from bot.rules.workdays import calendar, instant, parse_clock
from models import Call, DailyList, Lead, ListEntry, Salesperson, table_of
from models.enums import ListState, Role, Section

LATEST = time(12, 0)  # after noon "call these first" comes too late to be of use


@dataclass(frozen=True)
class DueList:
    salesperson_id: int
    local_date: date
    too_late: bool


def due_lists(session: Session, config: Config, now: datetime) -> list[DueList]:
    """Whose list is due: active, a working day, their time has come, and no list exists yet."""
    owns = sa.exists().where(table_of(Lead).c.owner_id == table_of(Salesperson).c.id)
    calls = sa.or_(col(Salesperson.role) == Role.REP, owns)  # marketers without leads call nobody
    people = session.exec(
        select(Salesperson).where(col(Salesperson.active), calls).order_by(col(Salesperson.id))
    ).all()
    dates = {person.id: now.astimezone(ZoneInfo(person.timezone)).date() for person in people}
    daily = table_of(DailyList).c
    have = {
        (row[0], row[1])
        for row in session.execute(
            sa.select(daily.salesperson_id, daily.local_date).where(
                daily.local_date.in_(set(dates.values()))
            )
        )
    }
    found = (
        _due(person, dates[person.id], config, now)
        for person in people
        if (person.id, dates[person.id]) not in have
    )
    return [due for due in found if due is not None]


def build_list(session: Session, due: DueList, config: Config, now: datetime) -> int | None:
    """Store the list of one salesperson and date; None when it exists already.

    The row is unique per salesperson and date, an entry per lead and date: whoever comes second,
    in this process or another, stores nothing.
    """
    person = session.get_one(Salesperson, due.salesperson_id)
    exists = select(DailyList.id).where(
        DailyList.salesperson_id == person.id, DailyList.local_date == due.local_date
    )
    if session.exec(exists).first() is not None:
        return None
    capacity = max(person.capacity - _used_today(session, person, due.local_date), 0)
    daily = DailyList(
        public_id=secrets.token_hex(16),
        salesperson_id=due.salesperson_id,
        local_date=due.local_date,
        capacity=capacity,
        state=ListState.SKIPPED if due.too_late else ListState.READY,
        claimed_at=now,
    )
    session.add(daily)
    session.flush()
    assert daily.id is not None
    places = (
        [] if due.too_late else places_for(session, person, due.local_date, capacity, config, now)
    )
    _store(session, daily.id, due.local_date, places)
    return daily.id


def places_for(
    session: Session,
    person: Salesperson,
    on: date,
    capacity: int,
    config: Config,
    now: datetime,
) -> list[Place]:
    """Today's places for a salesperson as things stand at `now`; changes nothing."""
    lead, entry = table_of(Lead).c, table_of(ListEntry).c
    elsewhere = sa.select(entry.lead_id).where(entry.local_date == on)
    mine = sa.and_(lead.owner_id == person.id, lead.id.not_in(elsewhere))
    zone = ZoneInfo(person.timezone)
    facts = lead_facts(session, mine, zone, config.public_url, until=now)
    everyone = [lead.lead_id for lead in facts] if config.list_fill == "not_mailed" else []
    places = daily_places(
        facts,
        now=now,
        today=on,
        capacity=capacity,
        settings=config.list_settings,
        calendar=calendar(config.holiday_country, config.company_holidays),
        seed=f"{person.id}:{on.isoformat()}",
        mailed=last_mailed(session, everyone, zone, now),
    )
    chosen = [place.scored.facts.lead_id for place in places]
    return labelled(places, last_mailed(session, chosen, zone, now))


def _due(person: Salesperson, on: date, config: Config, now: datetime) -> DueList | None:
    zone = ZoneInfo(person.timezone)
    days = calendar(config.holiday_country, config.company_holidays)
    if not days.is_workday(on) or now < instant(on, parse_clock(person.list_time), zone):
        return None
    assert person.id is not None
    latest = max(instant(on, LATEST, zone), instant(on, parse_clock(person.list_time), zone))
    return DueList(person.id, on, too_late=now > latest + timedelta(minutes=5))


def _used_today(session: Session, person: Salesperson, on: date) -> int:
    zone = ZoneInfo(person.timezone)
    start = instant(on, time(0, 0), zone)
    call = table_of(Call).c
    query = sa.select(sa.func.count()).where(
        call.salesperson_id == person.id, call.current, call.at >= start
    )
    return int(session.execute(query).scalar_one())


def _store(session: Session, list_id: int, on: date, places: Sequence[Place]) -> None:
    rows = [_entry(list_id, on, number, place) for number, place in enumerate(places, start=1)]
    if rows:
        session.connection().execute(sa.insert(table_of(ListEntry)), rows)


def _entry(list_id: int, on: date, number: int, place: Place) -> dict[str, Any]:
    facts = place.scored.facts
    return {
        "list_id": list_id,
        "lead_id": facts.lead_id,
        "local_date": on,
        "section": place.section,
        "place": number,
        "score": place.scored.score,
        "chance": place.scored.chance,
        "explored": place.explored,
        "reasons": [reason.as_json() for reason in told(place)],
        "callback_id": facts.callback_id if place.section is Section.PROMISED else None,
    }
