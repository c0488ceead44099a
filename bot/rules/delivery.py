"""How a delivery moves: the arrows, and the order in which facts are worth more than others.

`planned → sending` is the claim, committed before the request. What certainly was not taken goes
back (`sending → planned`) or ends (`rejected`); what perhaps was taken is `unknown` and is never
sent again by the program. News only moves a delivery up `WORTH`, so it may arrive late, twice or
in any order: a late 202 still lands on `unknown`, and nothing talks `confirmed` down.
"""

from models.enums import DeliveryState, EventKind

PLANNED, SENDING = DeliveryState.PLANNED, DeliveryState.SENDING
ACCEPTED, CONFIRMED = DeliveryState.ACCEPTED, DeliveryState.CONFIRMED
REJECTED, SKIPPED = DeliveryState.REJECTED, DeliveryState.SKIPPED
UNKNOWN, UNCONFIRMED = DeliveryState.UNKNOWN, DeliveryState.UNCONFIRMED

# From plan to proof. `rejected` (SendGrid said no) is worth more than a guess, and SendGrid's own
# event about a mail is worth more than anything we believed before.
WORTH = (PLANNED, SKIPPED, SENDING, UNKNOWN, UNCONFIRMED, REJECTED, ACCEPTED, CONFIRMED)

# What the program does by itself; an event's proof may also jump from anywhere to `confirmed`.
ARROWS: dict[DeliveryState, frozenset[DeliveryState]] = {
    PLANNED: frozenset({SENDING, SKIPPED}),
    SENDING: frozenset({PLANNED, ACCEPTED, REJECTED, UNKNOWN, CONFIRMED}),
    ACCEPTED: frozenset({CONFIRMED}),
    UNKNOWN: frozenset({UNCONFIRMED, REJECTED, ACCEPTED, CONFIRMED}),
    UNCONFIRMED: frozenset({ACCEPTED, CONFIRMED}),
    REJECTED: frozenset({CONFIRMED}),
    SKIPPED: frozenset({CONFIRMED}),
    CONFIRMED: frozenset(),
}

# A person may have this mail in the inbox: it counts against the month and the gap.
MAILED = frozenset({SENDING, UNKNOWN, UNCONFIRMED, ACCEPTED, CONFIRMED})
# Nobody knows yet; `callfirst verify` names them.
UNSURE = frozenset({SENDING, UNKNOWN})


def moved(state: DeliveryState, event: EventKind) -> DeliveryState:
    """The state after SendGrid told us of `event` with this delivery's id.

    Every kind of event proves that SendGrid took the mail (a bounce or a drop as much as a
    click), so the answer does not depend on the order or the number of events.
    """
    return joined(state, CONFIRMED)


def moved_with_batch(state: DeliveryState) -> DeliveryState:
    """The state after an event about another delivery of the same request.

    SendGrid takes a request whole or not at all, so what was in doubt is accepted now.
    """
    in_doubt = state in UNSURE or state is UNCONFIRMED
    return ACCEPTED if in_doubt else state


def joined(state: DeliveryState, news: DeliveryState) -> DeliveryState:
    """The one that is worth more: commutative, associative, idempotent."""
    return max(state, news, key=WORTH.index)


def below(state: DeliveryState) -> list[DeliveryState]:
    """All states that `state` overrides, for the WHERE of a conditional UPDATE."""
    return list(WORTH[: WORTH.index(state)])
