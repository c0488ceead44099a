"""What an import changes: drafts and what is stored → leads, accounts and consents to write.

Non-empty values win over stored ones; an empty cell erases nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from bot.rules.cleaning import name_key
from bot.rules.lead_rows import LeadRow
from bot.rules.merging import Draft
from models.enums import Basis, CallState, Language, Team


class LeadFacts(NamedTuple):
    """A lead as an import sees it. A tuple, because there are 100,000 of them."""

    account_key: str
    name: str
    department: str
    title: str
    email: str | None
    email_key: str | None
    phone: str | None
    phone_note: str
    mobile: str | None
    card_on: date | None
    source: str
    language: Language
    owner_id: int | None
    owner_chosen: bool
    call_state: CallState


class AccountFacts(NamedTuple):
    name: str
    yearly_profit: int | None = None
    yearly_sales: int | None = None
    last_deal_on: date | None = None
    trades_with_id: int | None = None


@dataclass(frozen=True)
class Colleague:
    """A salesperson whom a file may name."""

    id: int
    name: str
    email: str
    team: Team


@dataclass(frozen=True)
class Stored:
    """What is known already about the people and companies of the file."""

    leads: Mapping[int, LeadFacts]
    accounts: Mapping[str, AccountFacts]
    consents: Mapping[str, Basis]
    suppressed: frozenset[str]


@dataclass(frozen=True)
class Terms:
    """What the importing person said for the whole file."""

    basis: Basis | None
    language: Language
    no_name: str  # what a contact without a name is called


class NewConsent(NamedTuple):
    basis: Basis
    source: str
    given_on: date | None


@dataclass
class Plan:
    """Everything to write, and what to report."""

    new_accounts: dict[str, AccountFacts] = field(default_factory=dict)
    changed_accounts: dict[str, AccountFacts] = field(default_factory=dict)
    new_leads: list[LeadFacts] = field(default_factory=list)
    changed_leads: dict[int, LeadFacts] = field(default_factory=dict)
    corrected_numbers: list[int] = field(default_factory=list)
    new_consents: dict[str, NewConsent] = field(default_factory=dict)
    changed_consents: dict[str, NewConsent] = field(default_factory=dict)
    new: int = 0
    changed: int = 0
    same: int = 0
    duplicate: int = 0
    suppressed: int = 0
    not_mailable: int = 0


class Colleagues:
    """Finds salespeople by name or e-mail; a name two of them share finds nobody."""

    def __init__(self, people: Iterable[Colleague]) -> None:
        self._by_key: dict[str, Colleague | None] = {}
        for person in people:
            key = name_key(person.name)
            self._by_key[key] = None if key in self._by_key else person
            self._by_key[person.email.casefold()] = person

    def named(self, written: str | None) -> Colleague | None:
        return self._by_key.get(name_key(written)) if written else None


def person_account_key(row: LeadRow) -> str:
    """The account key of someone without a company: with a space, which no company key has."""
    own = row.address.key if row.address and row.address.key else row.name_key
    return f"person {own}"


def plan_leads(found: list[Draft], stored: Stored, colleagues: Colleagues, terms: Terms) -> Plan:
    """Compare each person of the file with what is stored."""
    plan = Plan()
    rows = [draft.merged() for draft in found]
    after = [
        _facts(draft, row, stored, colleagues, terms)
        for draft, row in zip(found, rows, strict=True)
    ]
    _plan_accounts(plan, found, after, stored, colleagues)
    for draft, row, facts in zip(found, rows, after, strict=True):
        news = _plan_consent(plan, row, facts, stored, terms)
        _plan_lead(plan, draft, facts, stored, news)
    return plan


def _facts(
    draft: Draft, row: LeadRow, stored: Stored, colleagues: Colleagues, terms: Terms
) -> LeadFacts:
    """The lead as it will be."""
    before = stored.leads.get(draft.lead_id) if draft.lead_id is not None else None
    base = before or _blank(row, terms)
    owner = colleagues.named(row.salesperson)
    email, key = base.email, base.email_key
    if row.address and (row.address.key or not key):
        email, key = row.address.email, row.address.key
    phone, note = base.phone, base.phone_note
    if row.phone:
        phone, note = (
            row.phone.number,
            row.phone.note or (note if phone == row.phone.number else ""),
        )
    mobile = row.mobile or base.mobile
    corrected = base.call_state is CallState.WRONG_NUMBER and (phone, mobile) != (
        base.phone,
        base.mobile,
    )
    return LeadFacts(
        account_key=row.company_key or base.account_key,
        name=row.name or base.name,
        department=row.department or base.department,
        title=row.title or base.title,
        email=email,
        email_key=key,
        phone=phone,
        phone_note=note,
        mobile=mobile,
        card_on=row.card_on or base.card_on,
        source=row.source or base.source,
        language=row.language or base.language,
        owner_id=owner.id if owner else base.owner_id,
        owner_chosen=True if owner else base.owner_chosen,
        call_state=CallState.OPEN if corrected else base.call_state,
    )


def _blank(row: LeadRow, terms: Terms) -> LeadFacts:
    return LeadFacts(
        account_key=person_account_key(row),
        name=terms.no_name,
        department="",
        title="",
        email=None,
        email_key=None,
        phone=None,
        phone_note="",
        mobile=None,
        card_on=None,
        source="",
        language=terms.language,
        owner_id=None,
        owner_chosen=False,
        call_state=CallState.OPEN,
    )


def _plan_accounts(
    plan: Plan, found: list[Draft], after: list[LeadFacts], stored: Stored, colleagues: Colleagues
) -> None:
    """New accounts, and what the file says about old ones."""
    names: dict[str, str] = {}
    told: list[tuple[int, str, LeadRow]] = []
    for draft, facts in zip(found, after, strict=True):
        if facts.account_key not in names:
            names[facts.account_key] = draft.merged().company or facts.name
        for row in draft.rows:
            told.append((row.line, row.company_key or facts.account_key, row))
    said = _said(sorted(told, key=_line), colleagues)
    plan.new_accounts, plan.changed_accounts = _compared(said, names, stored.accounts)


def plan_accounts(
    rows: Iterable[LeadRow], stored: Mapping[str, AccountFacts], colleagues: Colleagues
) -> tuple[dict[str, AccountFacts], dict[str, AccountFacts]]:
    """The new and the changed accounts of a file of companies, by key."""
    names: dict[str, str] = {}
    told: list[tuple[int, str, LeadRow]] = []
    for row in rows:
        if row.company and row.company_key:
            names.setdefault(row.company_key, row.company)
            told.append((row.line, row.company_key, row))
    return _compared(_said(told, colleagues), names, stored)


def _compared(
    said: dict[str, AccountFacts], names: dict[str, str], stored: Mapping[str, AccountFacts]
) -> tuple[dict[str, AccountFacts], dict[str, AccountFacts]]:
    new, changed = {}, {}
    for key, facts in said.items():
        known = stored.get(key)
        if known is None and key in names:
            new[key] = facts._replace(name=names[key])
        elif known and (after := _overlaid(known, facts)) != known:
            changed[key] = after
    return new, changed


def _said(
    told: Iterable[tuple[int, str, LeadRow]], colleagues: Colleagues
) -> dict[str, AccountFacts]:
    """What the file says of each account, row by row."""
    said: dict[str, AccountFacts] = {}
    for _, key, row in told:
        said[key] = _told(said.get(key, NOTHING_SAID), row, colleagues)
    return said


NOTHING_SAID = AccountFacts("")


def _line(told: tuple[int, str, LeadRow]) -> int:
    return told[0]


def _told(said: AccountFacts, row: LeadRow, colleagues: Colleagues) -> AccountFacts:
    """What the file says of an account, one row further: last figures, latest deal."""
    seller = colleagues.named(row.salesperson)
    return AccountFacts(
        name="",
        yearly_profit=said.yearly_profit if row.yearly_profit is None else row.yearly_profit,
        yearly_sales=said.yearly_sales if row.yearly_sales is None else row.yearly_sales,
        last_deal_on=max(filter(None, (said.last_deal_on, row.last_deal_on)), default=None),
        trades_with_id=seller.id if seller and seller.team is Team.FIELD else said.trades_with_id,
    )


def _overlaid(known: AccountFacts, said: AccountFacts) -> AccountFacts:
    """The stored account with what the file says; its name stays as first written."""
    values = (old if new is None else new for old, new in zip(known, said, strict=True))
    return AccountFacts._make(values)._replace(name=known.name)


def _plan_consent(plan: Plan, row: LeadRow, facts: LeadFacts, stored: Stored, terms: Terms) -> bool:
    """Record why the address may be mailed; True when that is news."""
    key = facts.email_key
    account = _account_after(plan, facts.account_key, stored)
    basis = _basis(row, account, terms)
    known = stored.consents.get(key) if key else None
    if key in stored.suppressed:
        plan.suppressed += 1
    if key is None or (basis is None and known is None):
        plan.not_mailable += 1
        return False
    stated = row.basis is not None and row.basis is not known
    if basis is None or (known is not None and not stated):
        return False
    given_on = row.last_deal_on if basis is Basis.TRADE else row.card_on
    consents = plan.new_consents if known is None else plan.changed_consents
    consents[key] = NewConsent(basis, row.source or "", given_on)
    return True


def _account_after(plan: Plan, key: str, stored: Stored) -> AccountFacts:
    return plan.changed_accounts.get(key) or plan.new_accounts.get(key) or stored.accounts[key]


def _basis(row: LeadRow, account: AccountFacts, terms: Terms) -> Basis | None:
    """What the row says itself; else its card, else its deal, else what holds for the file."""
    if row.basis:
        return row.basis
    if row.card_on:
        return Basis.BUSINESS_CARD
    if row.last_deal_on or account.last_deal_on:
        return Basis.TRADE
    return terms.basis


def _plan_lead(
    plan: Plan, draft: Draft, facts: LeadFacts, stored: Stored, consent_is_news: bool
) -> None:
    plan.duplicate += len(draft.rows) - 1
    if draft.lead_id is None:
        plan.new += 1
        plan.new_leads.append(facts)
        return
    before = stored.leads[draft.lead_id]
    if facts != before:
        plan.changed_leads[draft.lead_id] = facts
    if facts.call_state is not before.call_state:
        plan.corrected_numbers.append(draft.lead_id)
    if facts != before or consent_is_news or facts.account_key in plan.changed_accounts:
        plan.changed += 1
    else:
        plan.same += 1
