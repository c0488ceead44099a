"""Why a lead is called, or not: every reason for and against."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, select

from bot.config import Config
from bot.errors import UserMistake
from bot.lead_facts import lead_facts
from bot.rules.listing import kept_off, section_of
from bot.rules.ranking import score
from bot.rules.workdays import calendar
from bot.texts import text
from bot.views.daily_list import reason_text
from models import Lead, ListEntry, Salesperson, table_of
from models.enums import Language


def find_lead(session: Session, which: str) -> Lead:
    """The lead with this id or address. Raises UserMistake when there is none."""
    if which.isascii() and which.isdigit() and len(which) < 10:
        lead = session.get(Lead, int(which))
    else:
        lead = session.exec(select(Lead).where(Lead.email_key == which.strip().lower())).first()
    if lead is None:
        raise UserMistake("lead.not_found", which=which)
    return lead


def explain_lead(
    session: Session, lead: Lead, on: date | None, config: Config, now: datetime
) -> dict[str, Any]:
    """The `why` document without its mail part: listing, score, and what keeps the lead off."""
    owner = session.get(Salesperson, lead.owner_id) if lead.owner_id else None
    zone = ZoneInfo(owner.timezone if owner else config.tz_default)
    language = owner.language if owner else config.language_default
    today = on or now.astimezone(zone).date()
    days = calendar(config.holiday_country, config.company_holidays)
    this = table_of(Lead).c.id == lead.id
    facts = lead_facts(session, this, zone, config.public_url, until=now)[0]
    scored = score(facts, now)
    off = kept_off(facts, now, today, days)
    entry = session.exec(
        select(ListEntry).where(ListEntry.lead_id == lead.id, ListEntry.local_date == today)
    ).first()
    section = entry.section if entry else None if off else section_of(facts, now, today, days)
    return {
        "lead_id": lead.id,
        "listed": entry is not None,
        "section": section,
        "score": scored.score,
        "contributions": [
            {"key": r.key, "text": reason_text(r, language), "points": r.points}
            for r in scored.reasons
        ],
        "kept_off": _kept_off(off.key, off.until, language) if off else [],
    }


def _kept_off(key: str, until: date | None, language: Language) -> list[dict[str, Any]]:
    return [
        {"key": key, "text": text(key, language), "until": until.isoformat() if until else None}
    ]
