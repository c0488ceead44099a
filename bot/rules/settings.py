"""What the team may set, as the rules see it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from models.enums import Team


@dataclass(frozen=True)
class ClassSettings:
    by: Literal["profit", "sales"] = "profit"
    a_share: float = 0.80
    b_share: float = 0.95
    trade_days: int = 365
    c1_team: Team = Team.FIELD
    c2_team: Team = Team.INSIDE


@dataclass(frozen=True)
class MailSettings:
    gap: timedelta = timedelta(days=21)
    batch_size: int = 500


@dataclass(frozen=True)
class ListSettings:
    address_count: int = 5
    fill: Literal["best_chance", "not_mailed", "none"] = "best_chance"


@dataclass(frozen=True)
class OutcomeSettings:
    interested_days: int = 3
    not_now_days: int = 30
    no_answer_tries: int = 6
    undo: timedelta = timedelta(minutes=15)
