"""Who stands on today's list, in which section and order; and who does not, and until when."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from random import Random

from bot.rules.ranking import LeadFacts, Reason, Scored, fresh_answer, fresh_click, score
from bot.rules.settings import ListSettings
from bot.rules.workdays import Calendar
from models.enums import CallState, Outcome, Section

EXPLORED_SHARE = 10  # one place in ten goes to a lead drawn at random: the proof of the list
PROMISE_ROLLS = 3  # working days an overdue promise stays on the list

CLOSED = {
    CallState.APPOINTMENT,
    CallState.LEFT_COMPANY,
    CallState.WRONG_NUMBER,
    CallState.DO_NOT_CALL,
    CallState.WON,
    CallState.LOST,
}


@dataclass(frozen=True)
class Place:
    section: Section
    scored: Scored
    explored: bool = False
    label: Reason | None = None  # what is said of leads without a reaction


@dataclass(frozen=True)
class KeptOff:
    """The rule that keeps a lead off the list, and the first date it no longer does."""

    key: str
    until: date | None = None


def daily_places(
    leads: Iterable[LeadFacts],
    *,
    now: datetime,
    today: date,
    capacity: int,
    settings: ListSettings,
    calendar: Calendar,
    seed: str,
    mailed: Collection[int] = (),
) -> list[Place]:
    """At most `capacity` places, in the order they are to be called.

    Promises by time, and people who said they are interested; then human reactions (a fresh
    survey answer above every click); then leads whose address is to be asked for; then, if the
    team wants, the best of the others. The same leads, date and seed give the same places, in
    whatever order the leads come. `mailed` are the leads who got a mail; only the setting
    `fill = not_mailed` asks for it.
    """
    callable_ = [lead for lead in leads if kept_off(lead, now, today, calendar) is None]
    groups: dict[Section, list[LeadFacts]] = {section: [] for section in Section}
    for lead in sorted(callable_, key=lambda lead: lead.lead_id):
        groups[section_of(lead, now, today, calendar)].append(lead)
    chance = Random(seed)
    places: list[Place] = []
    for section in (Section.PROMISED, Section.FIRST, Section.ADDRESS, Section.SPARE):
        room = _room(section, capacity - len(places), settings)
        candidates = groups[section]
        if section is Section.SPARE and settings.fill == "not_mailed":
            candidates = [lead for lead in candidates if lead.lead_id not in mailed]
        places += _fill(section, candidates, room, now, chance)
    return places


def section_of(lead: LeadFacts, now: datetime, today: date, calendar: Calendar) -> Section:
    """The section in which a callable lead belongs on that day."""
    if promised_on(lead, today, calendar) or _follow_up(lead):
        return Section.PROMISED
    if fresh_answer(lead, now) or fresh_click(lead, now):
        return Section.FIRST
    return Section.SPARE if lead.has_address else Section.ADDRESS


def promised_on(lead: LeadFacts, today: date, calendar: Calendar) -> date | None:
    """The date of a promise that still stands: overdue ones roll over a few working days."""
    if lead.callback_on is None:
        return None
    over = lead.callback_on < today and (
        calendar.add_workdays(lead.callback_on, PROMISE_ROLLS) < today
    )
    return None if over else lead.callback_on


def kept_off(lead: LeadFacts, now: datetime, today: date, calendar: Calendar) -> KeptOff | None:
    """The first rule that keeps this lead off today's list, or None."""
    if lead.call_state in CLOSED:
        return KeptOff(f"kept_off.{lead.call_state}")
    if not lead.has_phone:
        return KeptOff("kept_off.no_phone")
    if lead.last_call_on == today:
        return KeptOff("kept_off.called", calendar.add_workdays(today, 1))
    if promised := promised_on(lead, today, calendar):
        return KeptOff("kept_off.promised", promised) if promised > today else None
    if _reacted_since_call(lead, now):
        return None
    if lead.call_state is CallState.EXHAUSTED:
        return KeptOff("kept_off.exhausted")
    if lead.rest_until is not None and today < lead.rest_until:
        key = "not_now" if lead.call_state is CallState.RESTING else "called"
        return KeptOff(f"kept_off.{key}", lead.rest_until)
    return None


def _reacted_since_call(lead: LeadFacts, now: datetime) -> bool:
    """A new reaction lifts every rest."""
    if lead.last_call_at is None:
        return False
    answered = fresh_answer(lead, now) and lead.answered_at
    clicked = fresh_click(lead, now) and lead.last_click_at
    return any(at and at > lead.last_call_at for at in (answered, clicked))


def _follow_up(lead: LeadFacts) -> bool:
    """Someone said they are interested and the days to wait are over: a promise without a time."""
    return lead.last_outcome is Outcome.INTERESTED


def _room(section: Section, left: int, settings: ListSettings) -> int:
    if section is Section.ADDRESS:
        return min(left, settings.address_count)
    if section is Section.SPARE and settings.fill == "none":
        return 0
    return max(left, 0)


def _fill(
    section: Section, leads: Sequence[LeadFacts], room: int, now: datetime, chance: Random
) -> list[Place]:
    ranked = sorted((score(lead, now) for lead in leads), key=lambda s: _order(section, s, now))
    answers = sum(fresh_answer(lead, now) for lead in leads)  # these never give way to chance
    explored = min(_explored(section, len(ranked), room), max(room - answers, 0))
    best, rest = ranked[: room - explored], ranked[room - explored :]
    drawn = chance.sample(rest, explored)
    return [Place(section, lead) for lead in best] + [Place(section, lead, True) for lead in drawn]


def _explored(section: Section, candidates: int, room: int) -> int:
    """How many places are drawn: none when everyone has a place anyway."""
    if section not in (Section.FIRST, Section.SPARE) or candidates <= room:
        return 0
    return room // EXPLORED_SHARE


def _order(section: Section, scored: Scored, now: datetime) -> tuple[object, ...]:
    facts = scored.facts
    if section is Section.PROMISED:
        return (facts.callback_at is None, facts.callback_at or now, -scored.score, facts.lead_id)
    return (not fresh_answer(facts, now), -scored.score, facts.lead_id)


def labelled(places: Sequence[Place], mailed: Mapping[int, datetime]) -> list[Place]:
    """The places with what is said of leads without a reaction; `mailed` is local time by lead."""
    return [replace(place, label=_label(place, mailed)) for place in places]


def _label(place: Place, mailed: Mapping[int, datetime]) -> Reason | None:
    if place.section is Section.ADDRESS:
        return Reason("reason.no_address", {}, 0)
    if place.section is not Section.SPARE:
        return None
    at = mailed.get(place.scored.facts.lead_id)
    if at is None:
        return Reason("reason.not_mailed", {}, 0)
    return Reason("reason.silent", {"on": at.date().isoformat()}, 0)
