"""Gathering what the list may look at: one row of facts per lead, in a few set-based reads."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session

from bot.rules.ranking import LeadFacts
from models import Call, Callback, Delivery, Lead, MailEvent, MailLink, SurveyAnswer, table_of
from models.enums import CustomerClass, DeliveryState, EventKind, Verdict

MAILED = (DeliveryState.ACCEPTED, DeliveryState.CONFIRMED)


def lead_facts(
    session: Session,
    condition: sa.ColumnElement[bool],
    zone: ZoneInfo,
    unsubscribe_prefix: str,
    until: datetime,
) -> list[LeadFacts]:
    """Facts of the leads that meet `condition` (over Lead), as known at `until`, by id.

    `zone` is the salesperson's; a click on an address under `unsubscribe_prefix` is no reaction.
    """
    ids = sa.select(table_of(Lead).c.id).where(condition)
    clicks = _by_lead(session, _clicks(ids, unsubscribe_prefix, until))
    answers = _by_lead(session, _answers(ids, until))
    mailed = _by_lead(session, _mailed(ids, until))
    promises = _by_lead(session, _promises(ids))
    calls = _by_lead(session, _last_calls(ids))
    return [
        _facts(row, clicks, answers, mailed, promises, calls, zone)
        for row in session.execute(_leads(condition)).all()
    ]


def _leads(condition: sa.ColumnElement[bool]) -> sa.Select[Any]:
    lead = table_of(Lead).c
    return (
        sa.select(
            lead.id,
            lead.customer_class,
            lead.source,
            lead.email_key,
            lead.phone,
            lead.mobile,
            lead.call_state,
            lead.rest_until,
            lead.unanswered,
            lead.last_call_at,
            lead.last_talk_at,
        )
        .where(condition)
        .order_by(lead.id)
    )


def _clicks(ids: sa.Select[Any], unsubscribe_prefix: str, until: datetime) -> sa.Select[Any]:
    event, delivery, link = table_of(MailEvent).c, table_of(Delivery).c, table_of(MailLink).c
    weight = sa.func.coalesce(link.weight, 1)  # the survey's link is nobody's key link
    return (
        sa.select(event.lead_id, sa.func.count(), sa.func.sum(weight), sa.func.max(event.at))
        .join_from(table_of(MailEvent), table_of(Delivery), delivery.id == event.delivery_id)
        .outerjoin(table_of(MailLink), (link.mail_id == delivery.mail_id) & (link.url == event.url))
        .where(
            event.lead_id.in_(ids),
            event.kind == EventKind.CLICK,
            event.verdict == Verdict.HUMAN,
            event.at <= until,
            ~event.url.startswith(unsubscribe_prefix, autoescape=True),
        )
        .group_by(event.lead_id)
    )


def _answers(ids: sa.Select[Any], until: datetime) -> sa.Select[Any]:
    answer = table_of(SurveyAnswer).c
    return (
        sa.select(answer.lead_id, answer.might_use, answer.at)
        .where(answer.lead_id.in_(ids), answer.at <= until)
        .order_by(answer.at, answer.id)
    )


def _mailed(ids: sa.Select[Any], until: datetime) -> sa.Select[Any]:
    delivery = table_of(Delivery).c
    return (
        sa.select(delivery.lead_id, sa.func.max(delivery.claimed_at))
        .where(
            delivery.lead_id.in_(ids),
            delivery.state.in_(MAILED),
            delivery.bounced_at.is_(None),
            delivery.claimed_at <= until,
        )
        .group_by(delivery.lead_id)
    )


def _promises(ids: sa.Select[Any]) -> sa.Select[Any]:
    promise = table_of(Callback).c
    return (
        sa.select(promise.lead_id, promise.id, promise.due_at)
        .where(promise.lead_id.in_(ids), promise.closed_at.is_(None))
        .order_by(promise.due_at.desc(), promise.id)
    )


def _last_calls(ids: sa.Select[Any]) -> sa.Select[Any]:
    call = table_of(Call).c
    return (
        sa.select(call.lead_id, call.outcome)
        .where(call.lead_id.in_(ids), call.current)
        .order_by(call.at, call.id)
    )


def _by_lead(session: Session, query: sa.Select[Any]) -> dict[int, tuple[Any, ...]]:
    """The last row of each lead, without the lead's id."""
    return {row[0]: tuple(row[1:]) for row in session.execute(query).all()}


Found = dict[int, tuple[Any, ...]]


def _facts(
    row: Sequence[Any],
    clicks: Found,
    answers: Found,
    mailed: Found,
    promises: Found,
    calls: Found,
    zone: ZoneInfo,
) -> LeadFacts:
    lead_id = row[0]
    count, weight, clicked_at = clicks.get(lead_id, (0, 0, None))
    might_use, answered_at = answers.get(lead_id, (None, None))
    callback_id, due_at = promises.get(lead_id, (None, None))
    called_at, due_at = _local(row[9], zone), _local(due_at, zone)
    return LeadFacts(
        lead_id=lead_id,
        customer_class=row[1] or CustomerClass.E,
        source=row[2],
        has_address=row[3] is not None,
        has_phone=bool(row[4] or row[5]),
        call_state=row[6],
        rest_until=row[7],
        unanswered=row[8],
        last_call_at=called_at,
        last_call_on=called_at.date() if called_at else None,
        last_talk_at=_local(row[10], zone),
        last_outcome=calls.get(lead_id, (None,))[0],
        clicks=count,
        click_weight=weight,
        last_click_at=_local(clicked_at, zone),
        might_use=might_use,
        answered_at=_local(answered_at, zone),
        mailed_at=_local(mailed.get(lead_id, (None,))[0], zone),
        callback_id=callback_id,
        callback_at=due_at,
        callback_on=due_at.date() if due_at else None,
    )


def _local(at: datetime | None, zone: ZoneInfo) -> datetime | None:
    return at.astimezone(zone) if at else None
