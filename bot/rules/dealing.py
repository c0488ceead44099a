"""Who gets the leads that have no owner: fairly, and the same way every time."""

import heapq
from collections.abc import Mapping, Sequence


def deal(leads: Sequence[int], owned: Mapping[int, int]) -> dict[int, int]:
    """Give each lead to whoever owns fewest, the lowest id among equals: lead id → person id.

    `owned` holds everybody who takes part with what they own already. Nobody's lead is taken
    away, so counts that differ by more than one before are evened out as far as the leads go.
    """
    if not owned:
        return {}
    least = [(count, person) for person, count in owned.items()]
    heapq.heapify(least)
    dealt = {}
    for lead in leads:
        count, person = least[0]
        dealt[lead] = person
        heapq.heapreplace(least, (count + 1, person))
    return dealt
