"""Bring posted lists up to date with the database, each at most once per change that is seen.

The database is the queue: a list whose `version` is ahead of `drawn_version` is drawn again. Many
presses in a row become one update, and a crash between press and update loses nothing.
"""

import logging
import threading
from datetime import datetime

import sqlalchemy as sa

from bot.config import Config
from bot.errors import DeliveryFailed, DeliveryUnsure
from bot.list_page import read_page
from bot.services.slack import Slack
from bot.views.daily_list import daily_list, summary
from models import DailyList, Database, table_of
from models.enums import ListState

log = logging.getLogger(__name__)

_one_at_a_time = threading.Lock()  # two updaters of one message could end in the older state


def redraw_lists(database: Database, slack: Slack, config: Config, now: datetime) -> int:
    """Update every posted message that no longer shows what the database says."""
    drawn = 0
    with _one_at_a_time:
        for list_id in _stale(database):
            drawn += _redraw(database, slack, config, list_id, now)
    return drawn


def _stale(database: Database) -> list[int]:
    daily = table_of(DailyList).c
    with database.reading() as session:
        return list(
            session.execute(
                sa.select(daily.id)
                .where(daily.state == ListState.POSTED, daily.drawn_version < daily.version)
                .order_by(daily.id)
            ).scalars()
        )


def _redraw(database: Database, slack: Slack, config: Config, list_id: int, now: datetime) -> bool:
    with database.reading() as session:
        daily = session.get_one(DailyList, list_id)
        page = read_page(session, list_id, config.outcome_settings, now)
    if daily.channel is None or daily.message_ts is None:
        return False
    try:
        slack.update(daily.channel, daily.message_ts, summary(page), daily_list(page))
    except DeliveryUnsure as lost:
        log.warning("list %s may not be up to date, drawn again later: %s", list_id, lost)
        return False
    except DeliveryFailed as refused:
        log.warning("list %s cannot be updated: %s", list_id, refused)
        if not refused.permanent:
            return False
    _drawn(database, list_id, daily.version)
    return True


def _drawn(database: Database, list_id: int, version: int) -> None:
    daily = table_of(DailyList)
    with database.writing() as session:
        session.connection().execute(
            sa.update(daily)
            .where(daily.c.id == list_id, daily.c.drawn_version < version)
            .values(drawn_version=version)
        )
