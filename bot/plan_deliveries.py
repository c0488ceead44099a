"""Plan an approved mail by itself, without sending."""

from datetime import datetime

from sqlmodel import Session

from bot.config import Config
from bot.mail_plan import plan


def plan_deliveries(session: Session, mail_id: int, *, config: Config, now: datetime) -> None:
    """One delivery for every lead of the mail's classes: planned, or skipped with its reason.

    The list is made once: leads that come later are not added, and a second call does nothing.
    """
    plan(session, mail_id, config=config, now=now)
