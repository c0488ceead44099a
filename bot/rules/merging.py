"""Rows of one file → one draft per person, matched with whom we know already.

An address decides; without one, company and name do. Every choice depends on the file alone
wherever it can, so that the same file a second time finds exactly what it made the first time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce

from bot.rules.lead_rows import LeadRow

Person = tuple[str, str]  # company key ("" without company), name key


@dataclass(frozen=True)
class Known:
    """The stored leads by what they are matched with, lowest id first."""

    by_address: Mapping[str, int]
    by_person: Mapping[Person, Sequence[int]]
    without_address: Mapping[Person, int]
    person_of: Mapping[int, Person]


@dataclass(slots=True)
class Draft:
    """One person of the file: the stored lead it is, if any, and the rows that speak of it."""

    lead_id: int | None
    key: str | None = None
    rows: list[LeadRow] = field(default_factory=list)

    def merged(self) -> LeadRow:
        """What the rows say together: the newest non-empty value of each field wins."""
        if len(self.rows) == 1:
            return self.rows[0]
        return reduce(_merged, sorted(self.rows, key=_line))


def drafts(rows: Iterable[LeadRow], known: Known) -> list[Draft]:
    """One draft per person, in the order of the file's rows with an address, then the others."""
    matching = _Matching(known)
    later = []
    for row in rows:
        if row.address and row.address.key:
            matching.by_address(row, row.address.key)
        else:
            later.append(row)
    matching.register_outcomes()
    for row in later:
        matching.by_person(row)
    return matching.drafts


class _Matching:
    def __init__(self, known: Known) -> None:
        self.known = known
        self.drafts: list[Draft] = []
        self._of_address: dict[str, Draft] = {}
        self._of_person: dict[Person, Draft] = {}
        self._of_lead: dict[int, Draft] = {}

    def by_address(self, row: LeadRow, key: str) -> None:
        draft = self._of_address.get(key)
        if draft is None:
            lead_id = self.known.by_address.get(key) or self._takes_address(row)
            draft = self._started(lead_id)
            draft.key = key
            self._of_address[key] = draft
        self._add(draft, row)

    def _takes_address(self, row: LeadRow) -> int | None:
        """The stored lead of this person that has no address yet; it gets this one."""
        lead_id = self.known.without_address.get(_person(row)) if row.company_key else None
        return lead_id if lead_id is not None and lead_id not in self._of_lead else None

    def register_outcomes(self) -> None:
        """Let rows without an address find people by what the rows with one make of them."""
        for draft in self.drafts:
            self._of_person.setdefault(self._outcome(draft), draft)

    def _outcome(self, draft: Draft) -> Person:
        before = "", ""
        if draft.lead_id is not None:
            before = self.known.person_of[draft.lead_id]
        after = _person(draft.merged())
        return after[0] or before[0], after[1] or before[1]

    def by_person(self, row: LeadRow) -> None:
        person = _person(row)
        draft = self._of_person.get(person)
        if draft is None:
            known = self.known.by_person.get(person, ())
            # a lead that is in the file already is being made somebody else by it
            free = (lead_id for lead_id in known if lead_id not in self._of_lead)
            draft = self._started(next(free, None))
        self._add(draft, row)

    def _started(self, lead_id: int | None) -> Draft:
        draft = Draft(lead_id)
        self.drafts.append(draft)
        if lead_id is not None:
            self._of_lead[lead_id] = draft
        return draft

    def _add(self, draft: Draft, row: LeadRow) -> None:
        draft.rows.append(row)
        self._of_person.setdefault(_person(row), draft)


def _person(row: LeadRow) -> Person:
    return row.company_key or "", row.name_key or ""


def _line(row: LeadRow) -> int:
    return row.line


def _merged(first: LeadRow, second: LeadRow) -> LeadRow:
    """The later row wins, unless both have a card's date and the first card is the newer one."""
    older, newer = first, second
    if first.card_on and second.card_on and first.card_on > second.card_on:
        older, newer = second, first
    kept = LeadRow._make(old if new is None else new for old, new in zip(older, newer, strict=True))
    if kept.address and kept.address.key is None and older.address and older.address.key:
        return kept._replace(address=older.address)  # one that may be mailed wins
    return kept
