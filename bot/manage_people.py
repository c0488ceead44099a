"""The salespeople: who they are, where Slack finds them, when their list comes."""

import re
from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlmodel import Session, col, select

from bot.errors import UserMistake
from bot.rules.cleaning import BadCell, clean_address, clean_text
from bot.rules.workdays import parse_clock
from models import Salesperson
from models.enums import Language, Role, Team

SLACK_ID = re.compile(r"[UW][A-Z0-9]{2,20}")
CAPACITIES = range(1, 201)


def add_person(
    session: Session,
    *,
    email: str,
    name: str,
    team: Team,
    role: Role,
    slack_id: str | None,
    language: Language,
    timezone: str,
    capacity: int,
    list_time: str,
    now: datetime,
    admins: Collection[str] = (),
) -> Salesperson:
    """Add a salesperson, or bring the one with this e-mail address up to date.

    Without a `slack_id` a known person keeps theirs; whom `admins` names by address or Slack id
    is an admin whatever `role` says. Raises UserMistake for what cannot be.
    """
    key = _address(email)
    if key in {admin.casefold() for admin in admins} or slack_id in admins:
        role = Role.ADMIN
    _check(name, slack_id, timezone, capacity, list_time)
    person = known_person(session, email)
    if slack_id:
        _check_free(session, slack_id, key)
    if person is None:
        person = Salesperson(
            name=name,
            email=key,
            team=team,
            role=role,
            language=language,
            timezone=timezone,
            capacity=capacity,
            created_at=now,
        )
    if slack_id and slack_id != person.slack_id:
        person.slack_id, person.dm_channel = slack_id, None
    person.name, person.team, person.role = clean_text(name), team, role
    person.language, person.timezone = language, timezone
    person.capacity, person.list_time = capacity, list_time
    person.active = True
    session.add(person)
    session.flush()
    return person


def known_person(session: Session, email: str) -> Salesperson | None:
    """The salesperson with this e-mail address, if there is one."""
    return session.exec(select(Salesperson).where(Salesperson.email == _address(email))).first()


def list_people(session: Session) -> list[Salesperson]:
    """All salespeople by team and name, those who left too."""
    order = (col(Salesperson.team), col(Salesperson.name), col(Salesperson.id))
    return list(session.exec(select(Salesperson).order_by(*order)))


def _address(email: str) -> str:
    try:
        address = clean_address(email)
    except BadCell:
        address = None
    if address is None or address.key is None:
        raise UserMistake("people.bad_email", email=email)
    return address.key


def _check(name: str, slack_id: str | None, timezone: str, capacity: int, list_time: str) -> None:
    if not clean_text(name):
        raise UserMistake("people.no_name")
    if slack_id and not SLACK_ID.fullmatch(slack_id):
        raise UserMistake("people.bad_slack_id", slack_id=slack_id)
    if capacity not in CAPACITIES:
        raise UserMistake("people.bad_capacity", most=CAPACITIES[-1])
    try:
        parse_clock(list_time)
    except ValueError as error:
        raise UserMistake("people.bad_time", time=list_time) from error
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UserMistake("people.bad_timezone", timezone=timezone) from error


def _check_free(session: Session, slack_id: str, email: str) -> None:
    other = session.exec(
        select(Salesperson).where(Salesperson.slack_id == slack_id, Salesperson.email != email)
    ).first()
    if other:
        raise UserMistake("people.slack_id_taken", slack_id=slack_id, name=other.name)
