"""The month in numbers, from the bot's own records. Everything is counted in people but lists."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from bot.rules.outcomes import CONSEQUENCES
from bot.sandbox.root import Sandbox
from bot.verify_ledger import verify_ledger
from models import (
    Call,
    DailyList,
    Delivery,
    ListEntry,
    MailEvent,
    Suppression,
    SurveyAnswer,
    table_of,
)
from models.enums import DeliveryState, EventKind, ListState, Outcome, Verdict

MAILED = (
    DeliveryState.ACCEPTED,
    DeliveryState.CONFIRMED,
    DeliveryState.SENDING,
    DeliveryState.UNKNOWN,
    DeliveryState.UNCONFIRMED,
)
DELIVERY, EVENT = table_of(Delivery).c, table_of(MailEvent).c
LIST, ENTRY, CALL = table_of(DailyList).c, table_of(ListEntry).c, table_of(Call).c
REACHED = [outcome for outcome in Outcome if CONSEQUENCES[outcome].talked]


def month_report(sandbox: Sandbox, days: int, longest: int, *, ok: bool) -> dict[str, Any]:
    """The document of `callfirst demo --month`; its `verify` is not ok when a stand-in saw more."""
    config = sandbox.config
    with sandbox.database.reading() as session:
        verify = verify_ledger(
            session, zone=config.tz_default, gap=timedelta(days=config.mail_gap_days)
        )
        return {
            "seed": sandbox.seed,
            "days": days,
            **_mails(session),
            "lists": _number(session, LIST.id, LIST.state == ListState.POSTED),
            "longest_list": longest,
            **_calls(session),
            "suppressed": _number(session, table_of(Suppression).c.address_key),
            "verify": verify | {"ok": verify["ok"] and ok},
        }


def _mails(session: Session) -> dict[str, int]:
    mailed, bounced = DELIVERY.state.in_(MAILED), DELIVERY.bounced_at.is_not(None)
    return {
        "mailed": _number(session, DELIVERY.lead_id, mailed),
        "bounced": _number(session, DELIVERY.lead_id, bounced),
        **{
            f"{name}_{verdict}": _number(
                session, EVENT.lead_id, EVENT.kind == kind, EVENT.verdict == verdict
            )
            for name, kind in (("opened", EventKind.OPEN), ("clicked", EventKind.CLICK))
            for verdict in (Verdict.HUMAN, Verdict.MACHINE)
        },
        "answered": _number(session, table_of(SurveyAnswer).c.lead_id),
    }


def _calls(session: Session) -> dict[str, int]:
    appointment = CALL.outcome == Outcome.APPOINTMENT
    return {
        "listed": _number(session, ENTRY.lead_id),
        "called": _number(session, CALL.lead_id, CALL.current),
        "reached": _number(session, CALL.lead_id, CALL.current, CALL.outcome.in_(REACHED)),
        "appointments": _number(session, CALL.lead_id, CALL.current, appointment),
    }


def _number(session: Session, what: Any, *conditions: Any) -> int:
    """How many different ones there are."""
    query = sa.select(sa.func.count(sa.distinct(what))).where(*conditions)
    return int(session.execute(query).scalar_one())
