"""Save an info mail as a draft, refusing what could never be sent."""

from datetime import datetime

from sqlmodel import Session

from bot.errors import UserMistake
from bot.rules.mail_source import MailSource, Unreadable, read_source
from bot.rules.mail_text import read_body
from models import InfoMail, MailLink


def draft_mail(session: Session, source: str, *, by: str, now: datetime) -> InfoMail:
    """The draft of a FILE.md: YAML front matter and a Markdown body, with its tracked links.

    Raises UserMistake for an unknown placeholder, a broken subject, an empty body and the like.
    """
    try:
        read = read_source(source)
    except Unreadable as fault:
        raise UserMistake(fault.key, **fault.values) from fault
    mail = InfoMail(
        kind=read.kind,
        goal=read.goal,
        cost_money=read.cost_money,
        cost_hours=read.cost_hours,
        subject=read.subject,
        body=read.body,
        language=read.language,
        classes=[each.value for each in read.classes],
        created_by=by,
        created_at=now,
    )
    session.add(mail)
    session.flush()
    assert mail.id is not None  # flushed
    session.add_all(_links(mail.id, read))
    session.flush()
    return mail


def _links(mail_id: int, read: MailSource) -> list[MailLink]:
    return [
        MailLink(
            mail_id=mail_id,
            place=place,
            url=link.url,
            label=link.label,
            weight=read.key_links.get(link.url, 1),
        )
        for place, link in enumerate(read_body(read.body).links)
    ]
