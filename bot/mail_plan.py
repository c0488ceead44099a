"""A mail's list of deliveries: made once, when an approved mail starts."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from bot.candidates import Candidate, unplanned
from bot.config import Config
from bot.mail_rows import DELIVERY, MAIL, insert_new, new_id
from bot.mailing import cadence_of, found_mail
from bot.rules.cadence import Cadence, may_mail
from models.enums import DeliveryState, MailState


def plan(session: Session, mail_id: int, *, config: Config, now: datetime) -> None:
    """Approved → sending, with one delivery for every lead of the mail's classes: planned, or
    skipped with its reason.

    The list is made once: leads that come later are not added, and a second call does nothing.
    """
    started = (
        sa.update(MAIL)
        .where(MAIL.c.id == mail_id, MAIL.c.state == MailState.APPROVED)
        .values(state=MailState.SENDING)
        .returning(MAIL.c.id)
    )
    if session.connection().execute(started).first() is None:
        return
    mail = found_mail(session, mail_id)
    session.refresh(mail)
    cadence = cadence_of(config)
    classes = mail.classes or config.mail_classes
    found = unplanned(session, mail_id, mail.kind, classes, cadence.since(now))
    rows = [_row(mail_id, candidate, now, cadence) for candidate in found]
    insert_new(session, DELIVERY, rows)


def _row(mail_id: int, candidate: Candidate, now: datetime, cadence: Cadence) -> dict[str, Any]:
    reason = may_mail(candidate.facts, now, cadence)
    return {
        "public_id": new_id(),
        "mail_id": mail_id,
        "lead_id": candidate.lead_id,
        "email": candidate.email,
        "address_key": candidate.address_key,
        "state": DeliveryState.SKIPPED if reason else DeliveryState.PLANNED,
        "reason": reason,
        "state_at": now,
    }
