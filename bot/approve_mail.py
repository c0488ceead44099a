"""Approve an info mail: from then on it is sent when its time comes."""

from datetime import datetime

from sqlmodel import Session

from bot.config import Config
from bot.desk import person_by_name
from bot.errors import UserMistake
from bot.mailing import found_mail, mail_findings
from bot.rules.mail_check import stops
from models import InfoMail
from models.enums import MailState, Role


def approver(session: Session, who: str) -> str:
    """The e-mail address of the marketer or admin called `who`. Raises UserMistake for others."""
    person = person_by_name(session, who)
    if person.role is Role.REP or not person.active:
        raise UserMistake("mail.not_an_approver", name=person.name)
    return person.email


def approve_mail(
    session: Session,
    mail_id: int,
    *,
    by: str,
    send_after: datetime | None,
    now: datetime,
    config: Config,
) -> InfoMail:
    """Record who approved and when it is due (at once without `send_after`).

    Raises UserMistake for anything but a draft, and for the first finding that forbids sending.
    """
    mail = found_mail(session, mail_id)
    if mail.state is not MailState.DRAFT:
        raise UserMistake("mail.not_draft", mail=mail_id)
    for finding in stops(mail_findings(mail, config)):
        raise UserMistake(finding.key, **finding.values)
    mail.state = MailState.APPROVED
    mail.approved_by, mail.approved_at = by, now
    mail.send_after = send_after or now
    session.add(mail)
    session.flush()
    return mail
