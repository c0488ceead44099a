"""An info mail as its document: state, findings, and where its deliveries stand."""

from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from bot.config import Config
from bot.mail_rows import DELIVERY
from bot.mailing import found_mail, mail_findings
from bot.texts import text
from models.enums import DeliveryState, Language


def mail_status(session: Session, mail_id: int, config: Config | None = None) -> dict[str, Any]:
    """The mail document. Without `config`, the findings are about the text alone.

    Raises UserMistake when there is no such mail.
    """
    mail = found_mail(session, mail_id)
    language = config.language_default if config else Language.JA
    findings = [
        {"key": found.key, "level": found.level, "text": text(found.key, language, **found.values)}
        for found in mail_findings(mail, config)
    ]
    return {
        "mail_id": mail.id,
        "state": mail.state.value,
        "stop_reason": mail.stop_reason,
        "findings": findings,
        "deliveries": _by_state(session, mail_id),
        "skipped": _by_reason(session, mail_id),
    }


def _by_state(session: Session, mail_id: int) -> dict[str, int]:
    query = (
        sa.select(DELIVERY.c.state, sa.func.count())
        .where(DELIVERY.c.mail_id == mail_id)
        .group_by(DELIVERY.c.state)
    )
    found = {row[0]: row[1] for row in session.connection().execute(query)}
    return {state.value: found.get(state, 0) for state in DeliveryState}


def _by_reason(session: Session, mail_id: int) -> dict[str, int]:
    query = (
        sa.select(DELIVERY.c.reason, sa.func.count())
        .where(DELIVERY.c.mail_id == mail_id, DELIVERY.c.state == DeliveryState.SKIPPED)
        .group_by(DELIVERY.c.reason)
        .order_by(DELIVERY.c.reason)
    )
    return {reason.value: count for reason, count in session.connection().execute(query)}
