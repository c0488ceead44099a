"""Opting out through a mail's own link: the address is never mailed again."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from models import Delivery, InfoMail, Suppression
from models.enums import Language, SuppressionReason

SOURCE = "unsubscribe link"


@dataclass(frozen=True)
class Refusal:
    """Whose mail the link is about, and whether the address is refused already."""

    language: Language
    email: str
    is_refused: bool


def find_refusal(session: Session, delivery_id: int) -> Refusal | None:
    """What the opt-out page shows; None when the delivery is not (or no longer) known."""
    query = (
        select(Delivery, InfoMail.language)
        .join(InfoMail, col(InfoMail.id) == Delivery.mail_id)
        .where(Delivery.id == delivery_id)
    )
    found = session.exec(query).first()
    if found is None:
        return None
    delivery, language = found
    suppressed = session.get(Suppression, delivery.address_key or "")
    return Refusal(Language(language), delivery.email or "", suppressed is not None)


def refuse_mail(session: Session, delivery_id: int, now: datetime) -> bool:
    """Suppress the delivery's address; again changes nothing. False when there is no such
    delivery (any more).

    An address forbidden only by a logged call is forbidden by its owner now, so that undoing
    the call cannot give it back.
    """
    delivery = session.get(Delivery, delivery_id)
    if delivery is None:
        return False
    if delivery.address_key:
        _suppress(session, delivery.address_key, now)
    if delivery.refused_at is None or now < delivery.refused_at:
        delivery.refused_at = now
    session.flush()
    return True


def _suppress(session: Session, address_key: str, now: datetime) -> None:
    standing = session.get(Suppression, address_key)
    if standing is None:
        reason = SuppressionReason.UNSUBSCRIBED
        session.add(Suppression(address_key=address_key, reason=reason, source=SOURCE, since=now))
    elif standing.call_id is not None:
        standing.reason, standing.source = SuppressionReason.UNSUBSCRIBED, SOURCE
        standing.call_id = None
