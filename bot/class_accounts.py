"""Every account gets its class, every lead its account's; moves are logged, misfits named."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlmodel import Session

from bot.rules.classes import AccountFigures, classify, mismatch
from bot.rules.settings import ClassSettings
from bot.views.classes import AccountLine, ClassReport, Mismatch, why_stored
from models import Account, ClassMove, Lead, Salesperson
from models.bulk import insert_rows, table_of, update_rows
from models.enums import CustomerClass

ACCOUNT = table_of(Account).c
LEAD = table_of(Lead).c
PERSON = table_of(Salesperson).c


def class_accounts(
    session: Session, settings: ClassSettings, today: date, now: datetime
) -> ClassReport:
    """Class all accounts as of `today` (a date of the workspace) and hand the classes on.

    A deal won in the log of calls is a deal as good as an imported one. The report's mismatches
    are empty; `list_mismatches` finds them once the leads are dealt.
    """
    stored = _stored(session, settings)
    classed = classify([account.figures for account in stored], settings, today)
    lines, changed = [], []
    for account in stored:
        found = classed[account.figures.account_id]
        line = AccountLine(
            account_id=account.figures.account_id,
            name=account.name,
            customer_class=found.customer_class,
            before=account.before,
            why=why_stored(found.why),
        )
        lines.append(line)
        if line.before is not line.customer_class or line.why != account.why_before:
            changed.append(line)
    _remember(session, changed, now)
    return ClassReport(tuple(lines))


class _Stored(NamedTuple):
    figures: AccountFigures
    name: str
    before: CustomerClass | None
    why_before: str


def _stored(session: Session, settings: ClassSettings) -> list[_Stored]:
    value = ACCOUNT.yearly_profit if settings.by == "profit" else ACCOUNT.yearly_sales
    rows = session.connection().execute(
        sa.select(
            ACCOUNT.id,
            value,
            ACCOUNT.last_deal_on,
            ACCOUNT.won_on,
            PERSON.active,
            ACCOUNT.c_choice,
            ACCOUNT.name,
            ACCOUNT.customer_class,
            ACCOUNT.class_why,
        )
        .outerjoin_from(
            table_of(Account), table_of(Salesperson), ACCOUNT.trades_with_id == PERSON.id
        )
        .order_by(ACCOUNT.id)
    )
    return [_as_stored(*row) for row in rows.all()]


def _as_stored(
    account_id: int,
    value: int | None,
    last_deal_on: date | None,
    won_on: date | None,
    trader_is_active: bool | None,
    c_choice: CustomerClass | None,
    name: str,
    before: CustomerClass | None,
    why_before: str,
) -> _Stored:
    figures = AccountFigures(
        account_id=account_id,
        value=value,
        last_deal_on=max(filter(None, (last_deal_on, won_on)), default=None),
        trades_now=bool(trader_is_active),
        c_choice=c_choice,
    )
    return _Stored(figures, name, before, why_before)


def _remember(session: Session, changed: list[AccountLine], now: datetime) -> None:
    """Write the classes that changed, log the moves, and bring the leads up to their accounts."""
    update_rows(
        session,
        Account,
        "id",
        [
            {"id": line.account_id, "customer_class": line.customer_class, "class_why": line.why}
            for line in changed
        ],
    )
    insert_rows(
        session,
        ClassMove,
        [
            {
                "account_id": line.account_id,
                "before": line.before,
                "after": line.customer_class,
                "why": line.why,
                "moved_at": now,
            }
            for line in changed
            if line.before is not line.customer_class
        ],
    )
    of_account = (
        sa.select(ACCOUNT.customer_class).where(ACCOUNT.id == LEAD.account_id).scalar_subquery()
    )
    session.connection().execute(
        sa.update(table_of(Lead))
        .where(LEAD.customer_class.is_distinct_from(of_account))
        .values(customer_class=of_account)
    )
    session.expire_all()


def list_mismatches(session: Session, settings: ClassSettings) -> Iterator[Mismatch]:
    """Leads whose owner is missing or from the wrong team; dealing may cure some."""
    owner = sa.and_(LEAD.owner_id == PERSON.id, PERSON.active)
    rows = session.connection().execute(
        sa.select(
            LEAD.id,
            LEAD.name,
            LEAD.email,
            ACCOUNT.name,
            LEAD.customer_class,
            PERSON.name,
            PERSON.team,
        )
        .join_from(table_of(Lead), table_of(Account), LEAD.account_id == ACCOUNT.id)
        .outerjoin(table_of(Salesperson), owner)
        .order_by(LEAD.id)
    )
    for lead_id, name, email, company, customer_class, owner_name, team in rows.all():
        if key := mismatch(customer_class, team, settings):
            yield Mismatch(lead_id, name, email, company, customer_class, owner_name, team, key)
