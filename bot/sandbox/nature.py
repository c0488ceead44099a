"""What the sample's people are like, and what really happened around them."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from bot.sandbox.clock import TOKYO


@dataclass
class Truth:
    """What really happened around one address, whatever the bot believes."""

    human: list[datetime] = field(default_factory=list)
    machine: int = 0
    answered: list[datetime] = field(default_factory=list)
    bounced: datetime | None = None
    refused: datetime | None = None


@dataclass(frozen=True)
class Nature:
    """What a person is like, the same all month."""

    interest: float  # 0 to 1, mostly small
    dead: bool
    prefetched: bool
    swept: bool


def chance_of(seed: int, what: str, who: str) -> Random:
    """The luck of one person in one matter; the same for a seed, whatever came before."""
    digest = hashlib.sha256(f"{seed} {what} {who}".encode()).digest()
    return Random(int.from_bytes(digest[:8], "big"))


def waking(at: datetime) -> datetime:
    """The moment itself by day; by night the next morning."""
    local = at.astimezone(TOKYO)
    if local.hour >= 21:
        local += timedelta(days=1)
    if local.hour < 7 or local.hour >= 21:
        local = local.replace(hour=7, minute=10 + local.minute // 2)
    return local.astimezone(at.tzinfo)


def address_of(email: str) -> str:
    """A firm's own outgoing address, out of the range kept for trials of networks."""
    digest = hashlib.sha256(email.partition("@")[2].lower().encode()).digest()
    return f"198.{18 + digest[0] % 2}.{digest[1]}.{digest[2]}"
