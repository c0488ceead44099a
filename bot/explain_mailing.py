"""Whether a lead may get an info mail now, why not, and from when again."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.candidates import one_lead
from bot.config import Config
from bot.mailing import cadence_of
from bot.rules.cadence import again_on, may_mail
from bot.texts import text
from models import Lead, Salesperson
from models.enums import Language, MailKind


def explain_mailing(session: Session, lead: Lead, config: Config, now: datetime) -> dict[str, Any]:
    """The mail part of the `why` document, for a mail that is not product news."""
    cadence = cadence_of(config)
    facts = one_lead(session, lead, MailKind.INDUSTRY_NEWS, cadence.since(now)).facts
    against = may_mail(facts, now, cadence)
    again = again_on(facts.last_mailed_at, now, cadence)
    language = _reader(session, lead, config)
    because = f"mail.skip.{against}" if against else f"why.basis.{facts.basis}"
    return {
        "may": against is None,
        "because": [text(because, language)],
        "again_on": again.isoformat() if again else None,
    }


def _reader(session: Session, lead: Lead, config: Config) -> Language:
    owner = session.get(Salesperson, lead.owner_id) if lead.owner_id else None
    return owner.language if owner else config.language_default
