"""Say of deliveries without an answer that nobody knows, and later that nobody will know."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session

from bot.mail_rows import DELIVERY
from models import MailEvent, table_of
from models.enums import DeliveryState

# A request takes 10 seconds at most; what is older was left behind by a process that died.
STALE_AFTER = timedelta(minutes=2)
# SendGrid repeats its events for 24 hours; then silence means something, if events come at all.
SILENT_AFTER = timedelta(hours=25)
# Without any sign of life of the webhook we wait two days more before we give up.
GIVEN_UP_AFTER = timedelta(hours=73)

EVENT = table_of(MailEvent)


def settle_deliveries(session: Session, now: datetime) -> int:
    """Move what time has decided, and return how many moved. Nothing is ever planned again.

    `sending` for two minutes becomes `unknown`. `unknown` becomes `unconfirmed` after 25 hours
    when an event stamped after the claim has arrived (the webhook lives), else after 73.
    """
    stale = DELIVERY.c.claimed_at < now - STALE_AFTER
    silent = sa.and_(
        DELIVERY.c.claimed_at < now - SILENT_AFTER,
        DELIVERY.c.claimed_at < _last_sign_of_life(now),
    )
    given_up = DELIVERY.c.claimed_at < now - GIVEN_UP_AFTER
    left_behind = _move(session, DeliveryState.SENDING, DeliveryState.UNKNOWN, stale, now)
    return left_behind + _move(
        session, DeliveryState.UNKNOWN, DeliveryState.UNCONFIRMED, sa.or_(silent, given_up), now
    )


def _last_sign_of_life(now: datetime) -> sa.ScalarSelect[datetime]:
    """When SendGrid last stamped an event; stamps from the future prove nothing."""
    return sa.select(sa.func.max(EVENT.c.at)).where(EVENT.c.at <= now).scalar_subquery()


def _move(
    session: Session,
    before: DeliveryState,
    after: DeliveryState,
    condition: sa.ColumnElement[bool],
    now: datetime,
) -> int:
    moved = session.connection().execute(
        sa.update(DELIVERY)
        .where(DELIVERY.c.state == before, condition)
        .values(state=after, state_at=now)
        .returning(DELIVERY.c.id)
    )
    return len(moved.all())
