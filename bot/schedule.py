"""The schedule: a tick asks the database what is due. APScheduler only ticks.

Memory job store, `coalesce`, no misfire grace, one instance: a missed tick, a restart or a second
process neither loses nor doubles anything, because every due thing is claimed in the database.
"""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, time
from zoneinfo import ZoneInfo

from apscheduler.schedulers.background import BackgroundScheduler

from bot.build_daily_lists import build_list, due_lists
from bot.claim_jobs import claim_job, finish_job, is_claimed
from bot.class_accounts import class_accounts
from bot.deal_leads import deal_leads
from bot.parts import Parts
from bot.post_daily_lists import post_lists, settle_lists
from bot.redraw_lists import redraw_lists
from bot.remind_callbacks import remind_callbacks
from bot.send_info_mail import send_due_mails
from bot.settle_deliveries import settle_deliveries

log = logging.getLogger(__name__)

TICK_SECONDS = 15
NIGHTLY = "class_and_deal"
NIGHTLY_AT = time(2, 0)  # workspace time: after the day, before anyone's list


def tick(parts: Parts) -> None:
    """Do everything that is due now."""
    tick_lists(parts)
    tick_mails(parts)


def tick_lists(parts: Parts) -> None:
    """Classes at night, lists in the morning, reminders, and messages that are out of date."""
    now = parts.now()
    _step("class and deal", lambda: _class_and_deal(parts, now))
    _step("build lists", lambda: _build_lists(parts, now))
    _step("post lists", lambda: post_lists(parts.database, parts.slack, parts.config, now))
    _step("settle lists", lambda: settle_lists(parts.database, parts.slack, parts.config, now))
    _step("remind", lambda: remind_callbacks(parts.database, parts.slack, now))
    _step("redraw", lambda: redraw_lists(parts.database, parts.slack, parts.config, now))


def tick_mails(parts: Parts) -> None:
    """Approved mails whose time has come, and deliveries whose fate is to be settled."""
    _step(
        "send mails",
        lambda: send_due_mails(parts.database, parts.mailer, parts.config, parts.now),
    )
    _step("settle deliveries", lambda: _settle_deliveries(parts))


class Schedule:
    """The running schedule of one process; `stop()` lets what is under way finish."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._ending = threading.Event()
        self._updater = threading.Thread(target=self._redraw, name="redraw", daemon=True)
        self._ticker = BackgroundScheduler(
            timezone="UTC",
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
        )

    def start(self) -> None:
        for job in (tick_lists, tick_mails):
            self._ticker.add_job(job, "interval", seconds=TICK_SECONDS, args=[self._parts])
        self._ticker.start()
        self._updater.start()

    def stop(self) -> None:
        self._ending.set()
        self._parts.stale.set()
        self._ticker.shutdown(wait=True)
        self._updater.join(timeout=10)

    def _redraw(self) -> None:
        """Draw lists again soon after a press; many presses meanwhile become one update."""
        parts = self._parts
        while not self._ending.is_set():
            parts.stale.wait()
            parts.stale.clear()
            _step(
                "redraw",
                lambda: redraw_lists(parts.database, parts.slack, parts.config, parts.now()),
            )


def start(parts: Parts) -> Schedule:
    """Start ticking in the background."""
    schedule = Schedule(parts)
    schedule.start()
    return schedule


def _step(name: str, work: Callable[[], object]) -> None:
    """One fault must not keep the other things of the tick from being done."""
    try:
        work()
    except Exception:
        log.exception("the schedule's step %r failed; it is tried again at the next tick", name)


def _build_lists(parts: Parts, now: datetime) -> None:
    with parts.database.reading() as session:
        due = due_lists(session, parts.config, now)
    for one in due:
        with parts.database.writing() as session:
            build_list(session, one, parts.config, now)


def _class_and_deal(parts: Parts, now: datetime) -> None:
    local = now.astimezone(ZoneInfo(parts.config.tz_default))
    if local.time() < NIGHTLY_AT:
        return
    with parts.database.reading() as session:
        if is_claimed(session, NIGHTLY, local.date()):
            return  # as on nearly every tick: the writer is not needed
    with parts.database.writing() as session:
        if not claim_job(session, NIGHTLY, local.date(), now):
            return
        class_accounts(session, parts.config.class_settings, local.date(), now)
        deal_leads(session, parts.config.class_settings)
        finish_job(session, NIGHTLY, local.date(), now)


def _settle_deliveries(parts: Parts) -> None:
    with parts.database.writing() as session:
        settle_deliveries(session, parts.now())
