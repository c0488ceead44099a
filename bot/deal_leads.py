"""Leads without an owner get one.

Leads of inside sales (D, E and, as set, C1 and C2) are dealt among its active reps. A lead of the
field team goes to the salesperson who trades with its account, or waits for a person to name one
(the mismatch report of the classes tells). A lead whose owner left counts as one without.
"""

import sqlalchemy as sa
from sqlmodel import Session

from bot.rules.classes import team_of
from bot.rules.dealing import deal
from bot.rules.settings import ClassSettings
from models import Account, Lead, Salesperson
from models.bulk import table_of, update_rows
from models.enums import CustomerClass, Role, Team

ACCOUNT = table_of(Account).c
LEAD = table_of(Lead).c
PERSON = table_of(Salesperson).c


def deal_leads(session: Session, settings: ClassSettings) -> int:
    """Give every lead an owner where the rules have one; returns how many got one.

    Owners stay: only leads without an active owner are dealt, class by class, so that everybody
    gets their part of each class.
    """
    inside = [name for name in CustomerClass if team_of(name, settings) is Team.INSIDE]
    field = [name for name in CustomerClass if name not in inside]
    chosen = _to_traders(session, field)
    waiting = [lead_id for lead_id, _ in _unowned(session, inside)]
    dealt = deal(waiting, _owned(session))
    update_rows(
        session,
        Lead,
        "id",
        [
            {"id": lead_id, "owner_id": person, "owner_chosen": False}
            for lead_id, person in (chosen | dealt).items()
        ],
    )
    session.expire_all()
    return len(chosen) + len(dealt)


def _to_traders(session: Session, classes: list[CustomerClass]) -> dict[int, int]:
    return {lead: trader for lead, trader in _unowned(session, classes) if trader is not None}


def _unowned(session: Session, classes: list[CustomerClass]) -> list[tuple[int, int | None]]:
    """Leads of these classes without an active owner, with the active trader of their account."""
    person, trader = table_of(Salesperson).alias("owner"), table_of(Salesperson).alias("trader")
    rows = session.connection().execute(
        sa.select(LEAD.id, trader.c.id)
        .join_from(table_of(Lead), table_of(Account), LEAD.account_id == ACCOUNT.id)
        .outerjoin(person, sa.and_(LEAD.owner_id == person.c.id, person.c.active))
        .outerjoin(trader, sa.and_(ACCOUNT.trades_with_id == trader.c.id, trader.c.active))
        .where(LEAD.customer_class.in_(classes), person.c.id.is_(None))
        .order_by(LEAD.customer_class, LEAD.id)
    )
    return [(lead_id, trader_id) for lead_id, trader_id in rows.all()]


def _owned(session: Session) -> dict[int, int]:
    """The active reps of inside sales and how many leads each owns."""
    rows = session.connection().execute(
        sa.select(PERSON.id, sa.func.count(LEAD.id))
        .outerjoin_from(table_of(Salesperson), table_of(Lead), LEAD.owner_id == PERSON.id)
        .where(PERSON.active, PERSON.team == Team.INSIDE, PERSON.role == Role.REP)
        .group_by(PERSON.id)
    )
    return {row[0]: row[1] for row in rows.all()}
