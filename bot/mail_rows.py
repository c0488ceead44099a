"""The rows of the ledger of deliveries: tables, month slots, and every move of a delivery.

Set-based and without objects. Each move is one conditional UPDATE, so a late or second writer
changes nothing that is worth more already.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from bot.candidates import Candidate
from bot.rules.delivery import below
from models import Delivery, InfoMail, MonthSlot, table_of
from models.enums import DeliveryState, SkipReason

DELIVERY, SLOT, MAIL = table_of(Delivery), table_of(MonthSlot), table_of(InfoMail)


def new_id() -> str:
    """128 random bits: says nothing and cannot be guessed."""
    return secrets.token_hex(16)


def insert_new(session: Session, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows; those that a unique key forbids are left out."""
    if rows:
        dialect = session.get_bind().dialect.name
        make = postgresql.insert if dialect == "postgresql" else sqlite.insert
        session.connection().execute(make(table).on_conflict_do_nothing(), rows)


def take_slots(
    session: Session, wanted: Sequence[Candidate], period: str, now: datetime
) -> set[int]:
    """Take both slots of the month, the person's and the address's, for each delivery.

    Returns the deliveries that hold both; the others hold none. A slot that a delivery kept from
    an earlier try counts, unless the month has changed since.
    """
    ids = [each.delivery_id for each in wanted]
    execute = session.connection().execute
    execute(sa.delete(SLOT).where(SLOT.c.delivery_id.in_(ids), SLOT.c.period != period))
    rows = [
        {"key": key, "period": period, "delivery_id": each.delivery_id, "claimed_at": now}
        for each in wanted
        for key in (f"lead:{each.lead_id}", f"mail:{each.address_key}")
    ]
    insert_new(session, SLOT, rows)
    held = (
        sa.select(SLOT.c.delivery_id)
        .where(SLOT.c.delivery_id.in_(ids))
        .group_by(SLOT.c.delivery_id)
        .having(sa.func.count() == 2)
    )
    holders = set(execute(held).scalars())
    free_slots(session, [each for each in ids if each not in holders])
    return holders


def free_slots(session: Session, delivery_ids: Sequence[int]) -> None:
    """Give back what was certainly not used."""
    session.connection().execute(sa.delete(SLOT).where(SLOT.c.delivery_id.in_(delivery_ids)))


def skip(session: Session, refused: Sequence[tuple[int, SkipReason]], now: datetime) -> None:
    """End planned deliveries with the reason they were not sent, and free their slots."""
    for reason in {reason for _, reason in refused}:
        ids = [delivery for delivery, why in refused if why is reason]
        session.connection().execute(
            sa.update(DELIVERY)
            .where(DELIVERY.c.id.in_(ids), DELIVERY.c.state == DeliveryState.PLANNED)
            .values(state=DeliveryState.SKIPPED, reason=reason, state_at=now)
        )
        free_slots(session, ids)


def claim(session: Session, delivery_ids: Sequence[int], batch: str, now: datetime) -> None:
    """planned → sending: from now on the mail may be out."""
    session.connection().execute(
        sa.update(DELIVERY)
        .where(DELIVERY.c.id.in_(delivery_ids), DELIVERY.c.state == DeliveryState.PLANNED)
        .values(
            state=DeliveryState.SENDING,
            batch=batch,
            claimed_at=now,
            state_at=now,
            not_before=None,
            detail="",
        )
    )


def rebatch(session: Session, delivery_ids: Sequence[int], batch: str) -> None:
    """Deliveries that were certainly not taken go out in another request than first meant."""
    session.connection().execute(
        sa.update(DELIVERY)
        .where(DELIVERY.c.id.in_(delivery_ids), DELIVERY.c.state.in_(_REFUSABLE))
        .values(batch=batch)
    )


def unclaimed(session: Session, batch: str, now: datetime) -> set[int]:
    """Certainly not taken, and to be claimed again in the same transaction."""
    given_back = (
        sa.update(DELIVERY)
        .where(DELIVERY.c.batch == batch, DELIVERY.c.state.in_(_REFUSABLE))
        .values(state=DeliveryState.PLANNED, state_at=now, batch=None, claimed_at=None)
        .returning(DELIVERY.c.id)
    )
    return set(session.connection().execute(given_back).scalars())


def accepted(session: Session, batch: str, message_id: str, now: datetime) -> None:
    """202: the whole request is taken, however late we hear of it."""
    values: dict[str, Any] = {"message_id": message_id or None}
    ours = DELIVERY.c.batch == batch
    session.connection().execute(sa.update(DELIVERY).where(ours).values(**values))
    session.connection().execute(
        sa.update(DELIVERY)
        .where(ours, DELIVERY.c.state.in_(below(DeliveryState.ACCEPTED)))
        .values(state=DeliveryState.ACCEPTED, state_at=now, detail="")
    )


def unsure(session: Session, batch: str, why: str, now: datetime) -> None:
    """The answer was lost: never sent again by the program."""
    session.connection().execute(
        sa.update(DELIVERY)
        .where(DELIVERY.c.batch == batch, DELIVERY.c.state == DeliveryState.SENDING)
        .values(state=DeliveryState.UNKNOWN, state_at=now, detail=why)
    )


def released(session: Session, batch: str, why: str, not_before: datetime, now: datetime) -> None:
    """Certainly not taken, and worth another try later; the month's slots are kept."""
    session.connection().execute(
        sa.update(DELIVERY)
        .where(DELIVERY.c.batch == batch, DELIVERY.c.state == DeliveryState.SENDING)
        .values(
            state=DeliveryState.PLANNED,
            state_at=now,
            detail=why,
            not_before=not_before,
            batch=None,
            claimed_at=None,
        )
    )


def rejected(session: Session, batch: str, why: str, now: datetime) -> None:
    """SendGrid said no: certainly not sent, so the month's slots are free again."""
    ended = (
        sa.update(DELIVERY)
        .where(DELIVERY.c.batch == batch, DELIVERY.c.state.in_(_REFUSABLE))
        .values(state=DeliveryState.REJECTED, state_at=now, detail=why)
        .returning(DELIVERY.c.id)
    )
    free_slots(session, session.connection().execute(ended).scalars().all())


_REFUSABLE = (DeliveryState.SENDING, DeliveryState.UNKNOWN)
