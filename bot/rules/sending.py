"""What an answer of SendGrid's means for the rest of a mailing."""

from dataclasses import dataclass
from datetime import timedelta

# A request is refused whole for one bad item, so it is halved until the bad one stands alone.
HALVED = frozenset({400, 413})
# More lost answers than this, or than this share of the mailing, and a person has to look.
MOST_UNSURE_REQUESTS = 5
MOST_UNSURE_SHARE = 0.01
# So many refused and none accepted: the mail is wrong, not its readers.
MOST_REFUSED_FIRST = 5
# The first mail goes alone: a wrong key, sender or template costs one delivery, not 500.
FIRST_BATCH = 1
SHORTEST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(minutes=5)


@dataclass(frozen=True)
class Tally:
    """How far a mailing has come. `everyone` are all that were not skipped."""

    everyone: int
    accepted: int
    rejected: int
    unknown: int
    unknown_requests: int


def batch_size(any_accepted: bool, usual: int) -> int:
    """How many deliveries the next request may carry."""
    return usual if any_accepted else FIRST_BATCH


def is_halved(status: int | None, size: int) -> bool:
    """Whether a refused request is worth trying in two halves."""
    return status in HALVED and size > 1


def only_refused(tally: Tally) -> bool:
    """Whether refusals say that the mail itself is wrong."""
    return not tally.accepted and tally.rejected >= MOST_REFUSED_FIRST


def too_unsure(tally: Tally) -> bool:
    """Whether so many answers were lost that a person has to look before it goes on."""
    return (
        tally.unknown_requests > MOST_UNSURE_REQUESTS
        or tally.unknown > tally.everyone * MOST_UNSURE_SHARE
    )


def pause(spread: float) -> timedelta:
    """How long to wait after a connection that never was; `spread` is from 0 to 1."""
    return SHORTEST_PAUSE + (LONGEST_PAUSE - SHORTEST_PAUSE) * spread
