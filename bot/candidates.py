"""Whom a mail might go to, with the facts that decide it: set-based, no objects."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from bot.rules.cadence import PRODUCT_NEWS_WINDOW, MailFacts
from bot.rules.delivery import MAILED
from models import (
    Account,
    Call,
    Consent,
    Delivery,
    InfoMail,
    Lead,
    Salesperson,
    Suppression,
    table_of,
)
from models.enums import CallState, DeliveryState, MailKind, Outcome

DELIVERY, LEAD, MAIL = table_of(Delivery), table_of(Lead), table_of(InfoMail)
CONSENT, SUPPRESSION = table_of(Consent), table_of(Suppression)
ACCOUNT, CALL, SALESPERSON = table_of(Account), table_of(Call), table_of(Salesperson)
_People = Sequence[tuple[int, str | None]]  # lead and address


@dataclass(frozen=True, slots=True)
class Candidate:
    """A lead a mail might go to, with all that decides it. `delivery_id` once it is planned."""

    lead_id: int
    facts: MailFacts
    email: str | None
    address_key: str | None
    delivery_id: int = 0
    public_id: str = ""
    name: str = ""
    company: str = ""
    salesperson: str = ""


def unplanned(
    session: Session, mail_id: int, kind: MailKind, classes: Sequence[str], since: datetime
) -> list[Candidate]:
    """All leads of these classes without a delivery of this mail, by id."""
    planned = sa.exists().where(DELIVERY.c.mail_id == mail_id, DELIVERY.c.lead_id == LEAD.c.id)
    wanted = sa.and_(LEAD.c.customer_class.in_(classes), ~planned)
    return _leads(session, wanted, kind, since, None)


def one_lead(session: Session, lead: Lead, kind: MailKind, since: datetime) -> Candidate:
    """What decides whether this lead may get a mail of that kind."""
    people = [(int(lead.id or 0), lead.email_key)]
    return _leads(session, LEAD.c.id == lead.id, kind, since, people)[0]


def _leads(
    session: Session, wanted: Any, kind: MailKind, since: datetime, people: _People | None
) -> list[Candidate]:
    query = (
        sa.select(LEAD.c.id, LEAD.c.email, LEAD.c.email_key, *_BASIS_COLUMNS)
        .select_from(_with_basis(LEAD, LEAD.c.email_key))
        .where(wanted)
        .order_by(LEAD.c.id)
    )
    rows = session.connection().execute(query).all()
    history = _History(session, kind, since, people)
    return [
        Candidate(
            lead_id=row[0],
            email=row[1],
            address_key=row[2],
            facts=history.facts(row[0], row[2], *row[3:]),
        )
        for row in rows
    ]


def planned(
    session: Session, mail_id: int, kind: MailKind, now: datetime, count: int, since: datetime
) -> list[Candidate]:
    """The next `count` planned deliveries of a mail that may be tried now, facts read afresh.

    An address that the lead no longer has counts as none.
    """
    joined = _with_basis(DELIVERY.join(LEAD), DELIVERY.c.address_key)
    query = (
        sa.select(*_PLANNED_COLUMNS, *_BASIS_COLUMNS)
        .select_from(
            joined.join(ACCOUNT).outerjoin(SALESPERSON, LEAD.c.owner_id == SALESPERSON.c.id)
        )
        .where(
            DELIVERY.c.mail_id == mail_id,
            DELIVERY.c.state == DeliveryState.PLANNED,
            sa.or_(DELIVERY.c.not_before.is_(None), DELIVERY.c.not_before <= now),
        )
        .order_by(DELIVERY.c.id)
        .limit(count)
    )
    rows = session.connection().execute(query).all()
    history = _History(session, kind, since, [(row[1], row[3]) for row in rows])
    return [_candidate(row, history) for row in rows]


def _said(outcome: Outcome) -> sa.Exists:
    """Whether a call that still counts ended so. The calls are asked, not the lead's state: a
    refusal by someone whose address was not known yet, or a later call, must not get lost."""
    return sa.exists().where(CALL.c.lead_id == LEAD.c.id, CALL.c.current, CALL.c.outcome == outcome)


_BASIS_COLUMNS = (
    sa.case((_said(Outcome.LEFT_COMPANY), CallState.LEFT_COMPANY), else_=LEAD.c.call_state).label(
        "call_state"
    ),
    CONSENT.c.basis,
    sa.or_(SUPPRESSION.c.address_key.is_not(None), _said(Outcome.DO_NOT_MAIL)).label("suppressed"),
)
_PLANNED_COLUMNS = (
    DELIVERY.c.id,
    DELIVERY.c.lead_id,
    DELIVERY.c.email,
    DELIVERY.c.address_key,
    DELIVERY.c.public_id,
    LEAD.c.email_key,
    LEAD.c.name,
    ACCOUNT.c.name.label("company"),
    SALESPERSON.c.name.label("salesperson"),
)


def _with_basis(table: Any, address_key: Any) -> Any:
    return table.outerjoin(CONSENT, CONSENT.c.address_key == address_key).outerjoin(
        SUPPRESSION, SUPPRESSION.c.address_key == address_key
    )


def _candidate(row: Any, history: "_History") -> Candidate:
    still = row.email_key == row.address_key
    return Candidate(
        lead_id=row.lead_id,
        email=row.email,
        address_key=row.address_key,
        delivery_id=row.id,
        public_id=row.public_id,
        name=row.name,
        company=row.company,
        salesperson=row.salesperson or "",
        facts=history.facts(
            row.lead_id,
            row.address_key if still else None,
            row.call_state,
            row.basis,
            row.suppressed,
        ),
    )


class _History:
    """The latest claims by lead and by address, and the kinds of a lead's latest mails."""

    def __init__(
        self, session: Session, kind: MailKind, since: datetime, people: _People | None
    ) -> None:
        self._kind = kind
        self._by_lead: dict[int, datetime] = {}
        self._by_address: dict[str | None, datetime] = {}
        for lead_id, key, at in _last_claims(session, since, people):
            self._by_lead[lead_id] = max(at, self._by_lead.get(lead_id, at))
            self._by_address[key] = max(at, self._by_address.get(key, at))
        self._kinds: dict[int, list[MailKind]] = {}
        if kind is MailKind.PRODUCT_NEWS:  # no other kind is asked for its neighbours
            for lead_id, sent in _latest_kinds(session, people):
                self._kinds.setdefault(lead_id, []).append(sent)

    def facts(
        self, lead_id: int, address: str | None, call_state: Any, basis: Any, suppressed: bool
    ) -> MailFacts:
        times = [self._by_lead.get(lead_id), self._by_address.get(address)]
        return MailFacts(
            address=address,
            basis=basis,
            suppressed=bool(suppressed),
            call_state=call_state,
            kind=self._kind,
            last_mailed_at=max((at for at in times if at), default=None),
            recent_kinds=tuple(self._kinds.get(lead_id, ())),
        )


def _last_claims(session: Session, since: datetime, people: _People | None) -> Iterable[Any]:
    query = (
        sa.select(DELIVERY.c.lead_id, DELIVERY.c.address_key, sa.func.max(DELIVERY.c.claimed_at))
        .where(DELIVERY.c.state.in_(MAILED), DELIVERY.c.claimed_at >= since)
        .group_by(DELIVERY.c.lead_id, DELIVERY.c.address_key)
    )
    if people is not None:
        leads, keys = [lead for lead, _ in people], [key for _, key in people if key]
        same = sa.or_(DELIVERY.c.lead_id.in_(leads), DELIVERY.c.address_key.in_(keys))
        query = query.where(same)
    return session.connection().execute(query)


def _latest_kinds(session: Session, people: _People | None) -> Iterable[Any]:
    """Lead and kind of each lead's latest mails, newest first, as far as the rule looks back."""
    newest_first = sa.func.row_number().over(
        partition_by=DELIVERY.c.lead_id,
        order_by=(DELIVERY.c.claimed_at.desc(), DELIVERY.c.id.desc()),
    )
    mailed = (
        sa.select(DELIVERY.c.lead_id, MAIL.c.kind, newest_first.label("place"))
        .join(MAIL, DELIVERY.c.mail_id == MAIL.c.id)
        .where(DELIVERY.c.state.in_(MAILED))
    )
    if people is not None:
        mailed = mailed.where(DELIVERY.c.lead_id.in_([lead for lead, _ in people]))
    ranked = mailed.subquery()
    return session.connection().execute(
        sa.select(ranked.c.lead_id, ranked.c.kind)
        .where(ranked.c.place < PRODUCT_NEWS_WINDOW)
        .order_by(ranked.c.lead_id, ranked.c.place)
    )
