"""Remind of a promised call ten minutes before its time, once."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session

from bot.errors import DeliveryFailed, DeliveryUnsure
from bot.list_page import lead_row
from bot.services.slack import Slack
from bot.texts import clock_time, text
from bot.views.blocks import escape, section
from bot.views.daily_list import Row, lead_card
from models import Callback, Database, Salesperson, table_of
from models.enums import Language

log = logging.getLogger(__name__)

BEFORE = timedelta(minutes=10)


@dataclass(frozen=True)
class Reminder:
    channel: str
    language: Language
    due: datetime  # local to the salesperson
    row: Row


def remind_callbacks(database: Database, slack: Slack, now: datetime) -> int:
    """Post a reminder for every promise due within ten minutes. Claimed first, so never twice."""
    with database.reading() as session:
        if session.execute(sa.select(table_of(Callback).c.id).where(*_due(now))).first() is None:
            return 0  # as on nearly every tick: the writer is not needed
    with database.writing() as session:
        reminders = [_reminder(session, claimed) for claimed in _claim(session, now)]
    sent = 0
    for reminder in reminders:
        if reminder is not None:
            sent += _send(slack, reminder)
    return sent


def _claim(session: Session, now: datetime) -> list[tuple[int, int, datetime]]:
    promise = table_of(Callback)
    claimed = session.connection().execute(
        sa.update(promise)
        .where(*_due(now))
        .values(reminded_at=now)
        .returning(promise.c.lead_id, promise.c.salesperson_id, promise.c.due_at)
    )
    return sorted((row[0], row[1], row[2]) for row in claimed)


def _due(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    promise = table_of(Callback).c
    return (
        promise.closed_at.is_(None),
        promise.reminded_at.is_(None),
        promise.due_at <= now + BEFORE,
        promise.due_at > now - BEFORE,  # an old promise stands on the list instead
    )


def _reminder(session: Session, claimed: tuple[int, int, datetime]) -> Reminder | None:
    lead_id, salesperson_id, due_at = claimed
    person = session.get_one(Salesperson, salesperson_id)
    if person.dm_channel is None or not person.active:
        return None
    due = due_at.astimezone(ZoneInfo(person.timezone))
    return Reminder(person.dm_channel, person.language, due, lead_row(session, lead_id))


def _send(slack: Slack, reminder: Reminder) -> bool:
    time = clock_time(reminder.due, reminder.language)
    title = text("promise.reminder", reminder.language, time=time, name=reminder.row.name)
    card = lead_card(reminder.row, reminder.language, f"l{reminder.row.lead_id}")
    try:
        slack.post(reminder.channel, title, [section(f":alarm_clock: {escape(title)}"), *card])
    except (DeliveryFailed, DeliveryUnsure) as lost:
        log.warning("a reminder was not posted: %s", lost)
        return False
    return True
