"""Whether a lead may get an info mail now, why not, and from when again."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.candidates import one_lead
from bot.config import Config
from bot.mailing import cadence_of
from bot.rules.cadence import again_on, may_mail
from models import Lead
from models.enums import MailKind


def explain_mailing(session: Session, lead: Lead, config: Config, now: datetime) -> dict[str, Any]:
    """The mail part of the `why` document, for a mail that is not product news."""
    cadence = cadence_of(config)
    facts = one_lead(session, lead, MailKind.INDUSTRY_NEWS, cadence.since(now)).facts
    against = may_mail(facts, now, cadence)
    again = again_on(facts.last_mailed_at, now, cadence)
    return {
        "may": against is None,
        "because": [f"basis {facts.basis}" if against is None else against.value],
        "again_on": again.isoformat() if again else None,
    }
