"""Claimed batches: what goes out in one request, and therefore at most once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from bot import mail_rows
from bot.candidates import Candidate, planned
from bot.config import Config
from bot.mail_rows import DELIVERY, MAIL
from bot.mailing import cadence_of
from bot.rules.cadence import Cadence, may_mail
from bot.rules.sending import Tally, batch_size
from bot.tokens import Purpose, sign
from bot.views.mail import Drawn, Recipient, request_body
from models.enums import DeliveryState, MailState, SkipReason


@dataclass(frozen=True)
class Batch:
    """Deliveries in state `sending` under one name; empty when all of them had to be skipped."""

    name: str
    people: tuple[Candidate, ...]

    @property
    def ids(self) -> list[int]:
        return [person.delivery_id for person in self.people]


def claim_batch(
    session: Session, mail_id: int, mail: Drawn, config: Config, now: datetime
) -> Batch | None:
    """Claim the next deliveries of a started mail; None when there is nothing left to claim.

    Suppression, basis, month slots and gap are read here, under the writer's lock and at the
    moment of the claim: an opt-out that is committed stops every later claim.
    """
    if not _is_sending(session, mail_id):
        return None
    cadence = cadence_of(config)
    size = batch_size(_any_accepted(session, mail_id), config.mail_batch_size)
    found = planned(session, mail_id, mail.kind, now, size, cadence.since(now))
    return _claimed(session, found, mail_rows.new_id(), cadence, now) if found else None


def claim_again(
    session: Session, batch: Batch, mail_id: int, mail: Drawn, config: Config, now: datetime
) -> Batch:
    """Claim anew what was refused as part of a larger request, with all facts read afresh.

    Time has passed since the first claim, and the refusal is a definite no: a new request needs
    a new look. Given back first, a delivery does not stand in its own way.
    """
    ours = mail_rows.unclaimed(session, batch.name, now)
    if not ours:
        return Batch(batch.name, ())
    cadence = cadence_of(config)
    count = _planned_up_to(session, mail_id, max(ours))
    found = planned(session, mail_id, mail.kind, now, count, cadence.since(now))
    again = [person for person in found if person.delivery_id in ours]
    return _claimed(session, again, batch.name, cadence, now)


def _claimed(
    session: Session, found: Sequence[Candidate], name: str, cadence: Cadence, now: datetime
) -> Batch:
    """Those of them who may be mailed, claimed under that name; the others are skipped."""
    verdicts = [(person, may_mail(person.facts, now, cadence)) for person in found]
    refused = [(person.delivery_id, reason) for person, reason in verdicts if reason]
    wanted = [person for person, reason in verdicts if not reason]
    holders = mail_rows.take_slots(session, wanted, cadence.period(now), now)
    refused += [
        (person.delivery_id, SkipReason.SLOT_TAKEN)
        for person in wanted
        if person.delivery_id not in holders
    ]
    mail_rows.skip(session, refused, now)
    batch = Batch(name, tuple(person for person in wanted if person.delivery_id in holders))
    mail_rows.claim(session, batch.ids, batch.name, now)
    return batch


def halve(session: Session, batch: Batch) -> list[Batch]:
    """Two claimed batches in place of one that was refused whole."""
    middle = len(batch.people) // 2
    parts: Sequence[tuple[Candidate, ...]] = (batch.people[:middle], batch.people[middle:])
    halves = [Batch(mail_rows.new_id(), part) for part in parts]
    for half in halves:
        mail_rows.rebatch(session, half.ids, half.name)
    return halves


def batch_body(batch: Batch, mail: Drawn, config: Config) -> dict[str, Any]:
    """The request for a batch, each delivery with links of its own."""
    recipients = [
        Recipient(
            public_id=person.public_id,
            email=person.email or "",
            name=person.name,
            company=person.company,
            salesperson=person.salesperson,
            survey=sign(Purpose.SURVEY, person.delivery_id, config),
            unsubscribe=sign(Purpose.UNSUBSCRIBE, person.delivery_id, config),
        )
        for person in batch.people
    ]
    return request_body(mail, recipients)


def tally(session: Session, mail_id: int) -> Tally:
    """How far the mailing has come."""
    query = (
        sa.select(DELIVERY.c.state, sa.func.count(), sa.func.count(DELIVERY.c.batch.distinct()))
        .where(DELIVERY.c.mail_id == mail_id)
        .group_by(DELIVERY.c.state)
    )
    count: dict[DeliveryState, tuple[int, int]] = {
        state: (deliveries, requests)
        for state, deliveries, requests in session.connection().execute(query)
    }

    def of(*states: DeliveryState) -> int:
        return sum(count.get(state, (0, 0))[0] for state in states)

    return Tally(
        everyone=of(*set(DeliveryState) - {DeliveryState.SKIPPED}),
        accepted=of(DeliveryState.ACCEPTED, DeliveryState.CONFIRMED),
        rejected=of(DeliveryState.REJECTED),
        unknown=of(DeliveryState.UNKNOWN),
        unknown_requests=count.get(DeliveryState.UNKNOWN, (0, 0))[1],
    )


def _is_sending(session: Session, mail_id: int) -> bool:
    query = sa.select(MAIL.c.state).where(MAIL.c.id == mail_id)
    return session.connection().execute(query).scalar() is MailState.SENDING


def _planned_up_to(session: Session, mail_id: int, delivery_id: int) -> int:
    query = sa.select(sa.func.count()).where(
        DELIVERY.c.mail_id == mail_id,
        DELIVERY.c.state == DeliveryState.PLANNED,
        DELIVERY.c.id <= delivery_id,
    )
    return int(session.connection().execute(query).scalar_one())


def _any_accepted(session: Session, mail_id: int) -> bool:
    good = DELIVERY.c.state.in_((DeliveryState.ACCEPTED, DeliveryState.CONFIRMED))
    query = sa.select(DELIVERY.c.id).where(DELIVERY.c.mail_id == mail_id, good).limit(1)
    return session.connection().execute(query).first() is not None
