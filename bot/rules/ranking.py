"""The first ranking: who is worth a call, from what a lead did and who they are.

Points are log-odds: they add up to the score, and the score's logistic is the chance that a call
leads on. Opens alone and what machines did are not among the facts at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from math import exp
from typing import Any, NamedTuple

from models.enums import CallState, CustomerClass, MightUse, Outcome

BASE = -2.0  # about one call in eight leads on when nothing is known (day-one guess)

ANSWERED = 0.7  # answering a survey at all takes more will than a click
ANSWER = {
    MightUse.WITHIN_3_MONTHS: 1.5,
    MightUse.WITHIN_A_YEAR: 0.3,
    MightUse.UNKNOWN: 0.0,
    MightUse.NO_PLAN: -0.6,
}
SURVEY_DAYS = 90  # an answer older than a quarter says little about today

CLICK = 0.2  # points per unit of link weight
CLICK_WEIGHT_CAP = 10  # two price links count as fully interested; more adds nothing
FRESHNESS = ((3, 1.0), (7, 0.8), (14, 0.6), (30, 0.4), (60, 0.2))  # days since the last click

CLASS = {
    CustomerClass.A: 0.6,
    CustomerClass.B: 0.6,
    CustomerClass.C1: 0.6,
    CustomerClass.C2: 0.6,
    CustomerClass.D: 0.4,
    CustomerClass.E: 0.0,
}
SOURCE = {"紹介": 0.4, "referral": 0.4, "web": 0.2, "展示会": 0.1, "exhibition": 0.1, "fair": 0.1}
INTERESTED = 0.8  # said so on the phone
NOT_NOW = -0.4
UNANSWERED = -0.06  # each call in a row without an answer
NOON = 12  # local hour that parts the day's two hour bands
SHOWN = 3  # more reasons than that nobody reads in ten seconds


class LeadFacts(NamedTuple):
    """Everything the list may look at, and nothing else. A tuple: there are many of them.

    Times are aware and in the salesperson's zone, so that their dates are the reader's.
    """

    lead_id: int
    customer_class: CustomerClass
    source: str = ""
    has_address: bool = True
    has_phone: bool = True
    call_state: CallState = CallState.OPEN
    rest_until: date | None = None
    unanswered: int = 0
    last_outcome: Outcome | None = None
    last_call_at: datetime | None = None
    last_call_on: date | None = None
    last_talk_at: datetime | None = None
    clicks: int = 0  # human ones
    click_weight: int = 0
    last_click_at: datetime | None = None
    might_use: MightUse | None = None
    answered_at: datetime | None = None
    callback_id: int | None = None
    callback_at: datetime | None = None
    callback_on: date | None = None


@dataclass(frozen=True)
class Reason:
    """A text key, its values and its points. Dates are ISO strings, so that JSON can hold them."""

    key: str
    values: dict[str, Any]
    points: float

    def as_json(self) -> dict[str, Any]:
        return {"key": self.key, "values": self.values, "points": self.points}


class Scored(NamedTuple):
    facts: LeadFacts
    reasons: tuple[Reason, ...]  # all of them, largest effect first; they add up to the score
    score: float

    @property
    def chance(self) -> float:
        return round(1 / (1 + exp(-(BASE + self.score))), 4)


def score(facts: LeadFacts, now: datetime) -> Scored:
    """The lead's points with their reasons."""
    who, did = _who(facts.customer_class, facts.source), _did(facts, now)
    reasons = tuple(sorted((*did, *who), key=_strongest_first)) if did else who
    return Scored(facts, reasons, round(sum(reason.points for reason in reasons), 4))


def fresh_answer(facts: LeadFacts, now: datetime) -> bool:
    """A survey answer that counts and that no talk has followed yet: above every click."""
    if facts.answered_at is None or (now - facts.answered_at).days > SURVEY_DAYS:
        return False
    return facts.last_talk_at is None or facts.answered_at > facts.last_talk_at


def fresh_click(facts: LeadFacts, now: datetime) -> bool:
    """A human click that still counts and that no talk has followed yet."""
    if facts.last_click_at is None or not freshness(facts.last_click_at, now):
        return False
    return facts.last_talk_at is None or facts.last_click_at > facts.last_talk_at


def freshness(at: datetime, now: datetime) -> float:
    """How much of a click's worth is left: 1 within three days, nothing after two months."""
    age = (now - at).days
    return next((share for days, share in FRESHNESS if age <= days), 0.0)


def shown(reasons: Sequence[Reason]) -> list[Reason]:
    """The reasons a list tells: the strongest against, if there is one, and the strongest for."""
    against = [reason for reason in reasons if reason.points < 0][:1]
    return [r for r in reasons if r.points >= 0][: SHOWN - len(against)] + against


def _other_band(last: datetime | None) -> str:
    """Who did not answer in the morning is tried in the afternoon, and the other way round."""
    return "try_afternoon" if last is not None and last.hour < NOON else "try_morning"


def _did(facts: LeadFacts, now: datetime) -> list[Reason]:
    return [*_survey(facts, now), *_clicks(facts, now), *_calls(facts)]


def _strongest_first(reason: Reason) -> tuple[float, str]:
    return -abs(reason.points), reason.key


def _survey(facts: LeadFacts, now: datetime) -> list[Reason]:
    if facts.might_use is None or facts.answered_at is None:
        return []
    if (now - facts.answered_at).days > SURVEY_DAYS:
        return []
    points = round(ANSWERED + ANSWER[facts.might_use], 4)
    on = facts.answered_at.date().isoformat()
    return [Reason(f"reason.survey.{facts.might_use}", {"on": on}, points)]


def _clicks(facts: LeadFacts, now: datetime) -> list[Reason]:
    if facts.last_click_at is None:
        return []
    worth = CLICK * min(facts.click_weight, CLICK_WEIGHT_CAP) * freshness(facts.last_click_at, now)
    if not worth:
        return []
    values = {"count": facts.clicks, "on": facts.last_click_at.date().isoformat()}
    return [Reason("reason.clicks", values, round(worth, 4))]


@lru_cache(maxsize=4096)  # most leads did nothing yet, and few differ in who they are
def _who(customer_class: CustomerClass, source: str) -> tuple[Reason, ...]:
    reasons = []
    if points := CLASS[customer_class]:
        kind = "before" if customer_class is CustomerClass.D else "now"
        reasons.append(Reason(f"reason.traded_{kind}", {"class_": customer_class.value}, points))
    if points := source_points(source):
        reasons.append(Reason("reason.source", {"source": source}, points))
    return tuple(sorted(reasons, key=_strongest_first))


def source_points(source: str) -> float:
    """What the way a lead came to us is worth: the first known word in it decides."""
    folded = source.casefold()
    return next((points for word, points in SOURCE.items() if word in folded), 0.0)


def _calls(facts: LeadFacts) -> list[Reason]:
    reasons = []
    if facts.unanswered:
        points = round(UNANSWERED * facts.unanswered, 4)
        key = f"reason.unanswered.{_other_band(facts.last_call_at)}"
        reasons.append(Reason(key, {"count": facts.unanswered}, points))
    if facts.last_call_at and facts.last_outcome in (Outcome.INTERESTED, Outcome.NOT_NOW):
        points = INTERESTED if facts.last_outcome is Outcome.INTERESTED else NOT_NOW
        on = facts.last_call_at.date().isoformat()
        reasons.append(Reason(f"reason.said.{facts.last_outcome}", {"on": on}, points))
    return reasons
