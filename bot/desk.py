"""A salesperson's desk: who someone in Slack is, their list of today, what they have to do."""

from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session, select

from bot.config import Config
from bot.errors import UserMistake
from bot.list_page import stored_page
from bot.views.daily_list import ListPage
from bot.views.home import OpenTask
from models import Account, Lead, ListEntry, Salesperson, Task, table_of

SHOWN_TASKS = 10


def person_in_slack(session: Session, slack_id: str) -> Salesperson:
    """The active salesperson behind a Slack id. Raises UserMistake for anyone else."""
    person = session.exec(select(Salesperson).where(Salesperson.slack_id == slack_id)).first()
    if person is None or not person.active:
        raise UserMistake("people.unknown_user")
    return person


def person_by_name(session: Session, who: str) -> Salesperson:
    """The salesperson with this address or Slack id. Raises UserMistake when there is none."""
    query = select(Salesperson).where(
        (Salesperson.email == who.strip().lower()) | (Salesperson.slack_id == who.strip())
    )
    person = session.exec(query).first()
    if person is None:
        raise UserMistake("people.no_such_person", who=who)
    return person


def todays_page(
    session: Session, person: Salesperson, config: Config, now: datetime
) -> ListPage | None:
    """The person's list for their own today, or None while there is none."""
    today = now.astimezone(ZoneInfo(person.timezone)).date()
    return stored_page(session, person, today, config.outcome_settings, now)


def open_tasks(session: Session, person: Salesperson) -> list[OpenTask]:
    """The person's open tasks, oldest first, as many as Home shows."""
    task, lead, account = table_of(Task).c, table_of(Lead).c, table_of(Account).c
    rows = session.execute(
        sa.select(task.id, task.kind, lead.name, account.name)
        .join_from(table_of(Task), table_of(Lead), lead.id == task.lead_id)
        .join(table_of(Account), account.id == lead.account_id)
        .where(task.salesperson_id == person.id, task.done_at.is_(None))
        .order_by(task.created_at, task.id)
        .limit(SHOWN_TASKS)
    )
    return [OpenTask(*row) for row in rows]


def entry_of(value: str) -> int | None:
    """The list entry a button stands for, when it stands for one."""
    return int(value[1:]) if value.startswith("e") else None


def lead_of(session: Session, value: str) -> int:
    """The lead a button stands for: "e12" is an entry, "l7" a lead. Raises UserMistake."""
    kind, number = value[:1], value[1:]
    if number.isascii() and number.isdigit() and len(number) < 10:
        if kind == "l":
            return int(number)
        entry = session.get(ListEntry, int(number)) if kind == "e" else None
        if entry is not None:
            return entry.lead_id
    raise UserMistake("outcome.no_such_lead")
