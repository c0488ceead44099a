"""Dated jobs: claimed in the database, so that each runs once on its local date."""

from datetime import date, datetime

from sqlmodel import Session

from models import JobRun


def is_claimed(session: Session, name: str, on: date) -> bool:
    """Whether that job of that date is done or under way."""
    return session.get(JobRun, (name, on)) is not None


def claim_job(session: Session, name: str, on: date, now: datetime) -> bool:
    """True for the first caller of that job and date. Work in the same transaction, then finish."""
    if is_claimed(session, name, on):
        return False
    session.add(JobRun(name=name, local_date=on, claimed_at=now))
    session.flush()
    return True


def finish_job(session: Session, name: str, on: date, now: datetime) -> None:
    session.get_one(JobRun, (name, on)).done_at = now
