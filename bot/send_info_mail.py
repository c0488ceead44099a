"""Send info mails: claim a batch and commit, then ask SendGrid, then remember its answer.

Never the other way round: a crash between claim and answer leaves deliveries that nobody is
sure about, named by `callfirst verify`, and not a single person with two copies. Several
processes may run this at once; the claim is the writer's alone.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session

from bot import mail_rows
from bot.config import Config
from bot.errors import DeliveryFailed, DeliveryUnsure, UserMistake
from bot.mail_batches import Batch, batch_body, claim_again, claim_batch, halve, tally
from bot.mail_plan import plan
from bot.mail_rows import DELIVERY, MAIL
from bot.mailing import drawn, found_mail, mail_findings
from bot.rules import sending
from bot.rules.mail_check import stops
from bot.services.sendgrid import Mailer
from bot.views.mail import Drawn
from models import Database
from models.enums import DeliveryState, MailState

log = logging.getLogger(__name__)

STOPPED_KEY = "mail.stop.key"
STOPPED_REFUSED = "mail.stop.refused"
STOPPED_UNSURE = "mail.stop.unsure"
STOPPED_FINDING = "mail.stop.finding"


@dataclass(frozen=True)
class _Run:
    """One process sending one mail."""

    database: Database
    mailer: Mailer
    config: Config
    now: Callable[[], datetime]
    mail_id: int
    mail: Drawn


class _Pause(Exception):
    """SendGrid takes nothing more for now; the rest waits for a later run."""


class _Stop(Exception):
    """The mail must not go on without a person. Holds the reason's text key and detail."""

    def __init__(self, key: str, detail: str) -> None:
        super().__init__(f"{key} {detail}")


def send_due_mails(
    database: Database, mailer: Mailer, config: Config, now: Callable[[], datetime]
) -> int:
    """Start every approved mail that is due, and send what is planned of all started ones.

    Returns how many deliveries SendGrid accepted.
    """
    count = 0
    for mail_id in _due(database, config, now()):
        accepted, may_go_on = _send(database, mailer, config, now, mail_id)
        count += accepted
        if not may_go_on:
            break
    return count


def send_mail(
    database: Database,
    mailer: Mailer,
    config: Config,
    now: Callable[[], datetime],
    mail_id: int,
) -> int:
    """Send one approved mail now, or go on with one that was stopped, because a person says so.

    What was refused for the key's sake is planned again. Raises UserMistake for a draft.
    """
    with database.writing() as session:
        mail = found_mail(session, mail_id)
        if mail.state is MailState.APPROVED:
            plan(session, mail_id, config=config, now=now())
        elif mail.state is MailState.STOPPED:
            _resume(session, mail_id, now())
        elif mail.state is not MailState.SENDING:
            raise UserMistake("mail.not_sendable", mail=mail_id, state=mail.state.value)
    return _send(database, mailer, config, now, mail_id)[0]


def _due(database: Database, config: Config, now: datetime) -> list[int]:
    due = sa.and_(MAIL.c.state == MailState.APPROVED, MAIL.c.send_after <= now)
    started = MAIL.c.state == MailState.SENDING
    query = sa.select(MAIL.c.id, MAIL.c.state).where(sa.or_(due, started)).order_by(MAIL.c.id)
    with database.reading() as session:
        found = session.connection().execute(query).all()
    for mail_id, state in found:
        if state is MailState.APPROVED:
            with database.writing() as session:
                plan(session, mail_id, config=config, now=now)
    return [mail_id for mail_id, _ in found]


def _resume(session: Session, mail_id: int, now: datetime) -> None:
    execute = session.connection().execute
    execute(
        sa.update(MAIL).where(MAIL.c.id == mail_id).values(state=MailState.SENDING, stop_reason="")
    )
    for_the_keys_sake = sa.or_(DELIVERY.c.detail.like("401 %"), DELIVERY.c.detail.like("403 %"))
    execute(
        sa.update(DELIVERY)
        .where(
            DELIVERY.c.mail_id == mail_id,
            DELIVERY.c.state == DeliveryState.REJECTED,
            for_the_keys_sake,
        )
        .values(state=DeliveryState.PLANNED, state_at=now, batch=None, claimed_at=None)
    )


def _send(
    database: Database,
    mailer: Mailer,
    config: Config,
    now: Callable[[], datetime],
    mail_id: int,
) -> tuple[int, bool]:
    """Send what is planned of a mail. Returns the accepted, and whether SendGrid takes more."""
    with database.reading() as session:
        mail = found_mail(session, mail_id)
        run = _Run(database, mailer, config, now, mail_id, drawn(mail, config))
        faults = stops(mail_findings(mail, config))
    count = 0
    try:
        if faults:
            raise _Stop(STOPPED_FINDING, faults[0].key)
        while (batch := _claim(run)) is not None:
            count += _deliver(run, batch)
    except _Pause as pause:
        log.warning("mail %s waits: %s", mail_id, pause)
        return count, False
    except _Stop as stop:
        _stop(run, str(stop))
        return count, True
    _finish(run)
    return count, True


def _claim(run: _Run) -> Batch | None:
    with run.database.writing() as session:  # committed before the request leaves
        return claim_batch(session, run.mail_id, run.mail, run.config, run.now())


def _claim_again(run: _Run, half: Batch) -> Batch:
    with run.database.writing() as session:  # whoever opted out meanwhile is not in it any more
        return claim_again(session, half, run.mail_id, run.mail, run.config, run.now())


def _deliver(run: _Run, batch: Batch) -> int:
    """Hand a claimed batch to SendGrid, halving what it refuses. Returns how many it took."""
    count = 0
    waiting = [batch] if batch.people else []
    try:
        while waiting:
            part = waiting.pop()
            if part is not batch and not (part := _claim_again(run, part)).people:
                continue
            try:
                message_id = run.mailer.send(batch_body(part, run.mail, run.config))
            except DeliveryFailed as refused:
                waiting += _refused(run, part, refused)
            except DeliveryUnsure as lost:
                _lost(run, part, str(lost))
            else:
                with run.database.writing() as session:
                    mail_rows.accepted(session, part.name, message_id, run.now())
                count += len(part.people)
    except (_Pause, _Stop) as end:
        for part in waiting:
            _release(run, part, str(end), timedelta(0))
        raise
    return count


def _refused(run: _Run, batch: Batch, refused: DeliveryFailed) -> list[Batch]:
    """A definite no. Returns what is to be tried again in smaller requests."""
    why = str(refused)
    if not refused.permanent:
        spread = int(batch.name[:4], 16) / 0xFFFF  # so that processes do not return at once
        _release(run, batch, why, refused.retry_after or sending.pause(spread))
        raise _Pause(why)
    with run.database.writing() as session:
        if sending.is_halved(refused.status, len(batch.people)):
            return halve(session, batch)
        mail_rows.rejected(session, batch.name, why, run.now())
        so_far = tally(session, run.mail_id)
    if refused.status not in sending.HALVED:
        raise _Stop(STOPPED_KEY, why)
    if sending.only_refused(so_far):
        raise _Stop(STOPPED_REFUSED, why)
    return []


def _release(run: _Run, batch: Batch, why: str, wait: timedelta) -> None:
    with run.database.writing() as session:
        now = run.now()
        mail_rows.released(session, batch.name, why, now + wait, now)


def _lost(run: _Run, batch: Batch, why: str) -> None:
    """Perhaps taken: never sent again by the program."""
    log.warning("mail %s: %s deliveries are not certain: %s", run.mail_id, len(batch.ids), why)
    with run.database.writing() as session:
        mail_rows.unsure(session, batch.name, why, run.now())
        so_far = tally(session, run.mail_id)
    if sending.too_unsure(so_far):
        raise _Stop(STOPPED_UNSURE, why)


def _stop(run: _Run, why: str) -> None:
    log.error("mail %s stopped: %s", run.mail_id, why)
    with run.database.writing() as session:
        session.connection().execute(
            sa.update(MAIL)
            .where(MAIL.c.id == run.mail_id, MAIL.c.state == MailState.SENDING)
            .values(state=MailState.STOPPED, stop_reason=why)
        )


def _finish(run: _Run) -> None:
    under_way = sa.exists().where(
        DELIVERY.c.mail_id == run.mail_id,
        DELIVERY.c.state.in_((DeliveryState.PLANNED, DeliveryState.SENDING)),
    )
    with run.database.writing() as session:
        session.connection().execute(
            sa.update(MAIL)
            .where(MAIL.c.id == run.mail_id, MAIL.c.state == MailState.SENDING, ~under_way)
            .values(state=MailState.SENT, sent_at=run.now())
        )
