"""Classes in words: why an account is in its class, and whose owner does not fit.

`Account.class_why` and `ClassMove.why` hold a text key and its values as compact JSON, so that
each reader sees the reason in their own language: `why_text` says it.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from bot.rules.classes import Why
from bot.texts import text
from models.enums import CustomerClass, Language, Team


@lru_cache(maxsize=4096)  # most accounts of a class share one reason
def why_stored(why: Why) -> str:
    """A reason as the database keeps it."""
    document = {"key": why.key, "values": dict(why.values)}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def why_text(stored: str, language: Language) -> str:
    """A stored reason in words; empty for an account that was never classed."""
    if not stored:
        return ""
    why = json.loads(stored)
    return text(why["key"], language, **why["values"])


@dataclass(frozen=True)
class AccountLine:
    account_id: int
    name: str
    customer_class: CustomerClass
    before: CustomerClass | None
    why: str  # as stored


@dataclass(frozen=True)
class Mismatch:
    """A lead whose owner is missing or from the wrong team for its class."""

    lead_id: int
    name: str
    email: str | None
    company: str
    customer_class: CustomerClass
    owner: str | None
    team: Team | None
    key: str


@dataclass(frozen=True)
class ClassReport:
    """The classes after a run; `before` tells which accounts moved."""

    accounts: tuple[AccountLine, ...]
    mismatches: tuple[Mismatch, ...] = ()

    @property
    def counts(self) -> dict[CustomerClass, int]:
        counts = dict.fromkeys(CustomerClass, 0)
        for account in self.accounts:
            counts[account.customer_class] += 1
        return counts

    @property
    def moves(self) -> tuple[AccountLine, ...]:
        return tuple(line for line in self.accounts if line.before is not line.customer_class)

    def as_json(self, language: Language = Language.JA) -> dict[str, Any]:
        """The document of `callfirst class --json`, reasons in one language."""
        return {
            "counts": {name.value: count for name, count in self.counts.items()},
            "accounts": [_account_json(line, language) for line in self.accounts],
            "mismatches": [_mismatch_json(line, language) for line in self.mismatches],
        }


def _account_json(line: AccountLine, language: Language) -> dict[str, Any]:
    return {
        "id": line.account_id,
        "name": line.name,
        "class": line.customer_class.value,
        "before": line.before.value if line.before else None,
        "why": why_text(line.why, language),
    }


def _mismatch_json(line: Mismatch, language: Language) -> dict[str, Any]:
    return {
        "lead_id": line.lead_id,
        "name": line.name,
        "email": line.email,
        "company": line.company,
        "class": line.customer_class.value,
        "owner": line.owner,
        "team": line.team.value if line.team else None,
        "reason": text(line.key, language),
    }
