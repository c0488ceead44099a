"""Gathering what the list may look at: one row of facts per lead, in a few set-based reads."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session

from bot.rules.ranking import LeadFacts
from bot.rules.workdays import local_time
from models import Call, Callback, Delivery, Lead, MailEvent, MailLink, SurveyAnswer, table_of
from models.enums import CustomerClass, DeliveryState, EventKind, Verdict

MAILED = (DeliveryState.ACCEPTED, DeliveryState.CONFIRMED)


def lead_facts(
    session: Session,
    condition: sa.ColumnElement[bool],
    zone: ZoneInfo,
    public_url: str,
    until: datetime,
) -> list[LeadFacts]:
    """Facts of the leads that meet `condition` (over Lead), as known at `until`, by id.

    `zone` is the salesperson's. Clicks on the opt-out link are no reaction, and those on the
    survey's are told by the answer once there is one. Whether and when a lead was mailed is
    for `last_mailed` to say, of those few whom it matters for.
    """
    ids = sa.select(table_of(Lead).c.id).where(condition)
    answers = _by_lead(session, _answers(ids, until))
    clicks = _by_lead(session, _clicks(ids, public_url, until))
    promises = _by_lead(session, _promises(ids))
    calls = _by_lead(session, _last_calls(ids))
    called = _by_lead(session, _called(condition))
    active = answers.keys() | clicks.keys() | promises.keys() | called.keys()
    return [
        _facts(_quiet(row), clicks, answers, promises, calls, called, zone)
        if row[0] in active
        else _quiet(row)
        for row in session.execute(_leads(condition)).all()
    ]


def last_mailed(
    session: Session, lead_ids: Collection[int], zone: ZoneInfo, until: datetime
) -> dict[int, datetime]:
    """When the last info mail went to each of these leads, of those who got one."""
    mailed = _by_lead(session, _mailed(lead_ids, until))
    return {lead_id: row[1].astimezone(zone) for lead_id, row in mailed.items()}


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
        )
        .where(condition)
        .order_by(lead.id)
    )


def _called(condition: sa.ColumnElement[bool]) -> sa.Select[Any]:
    lead = table_of(Lead).c
    return sa.select(
        lead.id, lead.rest_until, lead.unanswered, lead.last_call_at, lead.last_talk_at
    ).where(condition, lead.last_call_at.is_not(None))


def _clicks(ids: sa.Select[Any], public_url: str, until: datetime) -> sa.Select[Any]:
    event, delivery, link = table_of(MailEvent).c, table_of(Delivery).c, table_of(MailLink).c
    answered = event.lead_id.in_(sa.select(table_of(SurveyAnswer).c.lead_id))
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
            ~event.url.startswith(f"{public_url}/u/", autoescape=True),
            ~sa.and_(event.url.startswith(f"{public_url}/s/", autoescape=True), answered),
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


def _mailed(lead_ids: Collection[int], until: datetime) -> sa.Select[Any]:
    delivery = table_of(Delivery).c
    return (
        sa.select(delivery.lead_id, sa.func.max(delivery.claimed_at))
        .where(
            delivery.lead_id.in_(lead_ids),
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


Found = dict[int, Any]
NO_CLICKS, NOTHING, NEVER = (0, 0, 0, None), (0, None, None), (0, None, 0, None, None)


def _by_lead(session: Session, query: sa.Select[Any]) -> Found:
    """The last row of each lead."""
    return {row[0]: row for row in session.execute(query).all()}


def _quiet(row: Any) -> LeadFacts:
    """A lead that nobody called yet and that did nothing yet: most of them."""
    lead_id, customer_class, source, email_key, phone, mobile, state = row
    has_phone = bool(phone or mobile)
    return LeadFacts(
        lead_id, customer_class or CustomerClass.E, source, email_key is not None, has_phone, state
    )


def _facts(
    quiet: LeadFacts,
    clicks: Found,
    answers: Found,
    promises: Found,
    calls: Found,
    called: Found,
    zone: ZoneInfo,
) -> LeadFacts:
    lead_id = quiet.lead_id
    _, count, weight, clicked_at = clicks.get(lead_id, NO_CLICKS)
    _, might_use, answered_at = answers.get(lead_id, NOTHING)
    _, callback_id, due_at = promises.get(lead_id, NOTHING)
    _, rest_until, unanswered, called_at, talked_at = called.get(lead_id, NEVER)
    called_at, due_at = local_time(called_at, zone), local_time(due_at, zone)
    return quiet._replace(
        rest_until=rest_until,
        unanswered=unanswered,
        last_call_at=called_at,
        last_call_on=called_at.date() if called_at else None,
        last_talk_at=local_time(talked_at, zone),
        last_outcome=calls.get(lead_id, NOTHING)[1],
        clicks=count,
        click_weight=weight,
        last_click_at=local_time(clicked_at, zone),
        might_use=might_use,
        answered_at=local_time(answered_at, zone),
        callback_id=callback_id,
        callback_at=due_at,
        callback_on=due_at.date() if due_at else None,
    )
