"""Hand the stored lists to Slack, each once, and settle those whose answer was lost.

Here certainty can be had, unlike with mail: the message carries our id, and the channel's history
says whether it arrived. So an unsure post is looked up, and posted again only when it is not there.
"""

import logging
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bot.config import Config
from bot.errors import DeliveryFailed, DeliveryUnsure
from bot.list_page import read_page
from bot.services.slack import Slack
from bot.views.daily_list import daily_list, summary
from models import DailyList, Database, Salesperson, table_of
from models.enums import ListState

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)  # longer than any request may take: a post this old has no poster
SETTLE_AFTER = timedelta(seconds=60)  # by then an accepted message is in the history


def post_lists(database: Database, slack: Slack, config: Config, now: datetime) -> int:
    """Post every list that is ready. One person's failure stops nobody else's."""
    posted = 0
    for list_id in _in_state(database, ListState.READY):
        if _claim(database, list_id, ListState.READY, now):
            posted += _post(database, slack, config, list_id, now)
    return posted


def settle_lists(database: Database, slack: Slack, config: Config, now: datetime) -> int:
    """Find out what became of posts without an answer: adopt the message, or post it now."""
    settled = 0
    for list_id in _in_state(database, ListState.SENDING, claimed_before=now - LEASE):
        _move(database, list_id, ListState.SENDING, ListState.UNKNOWN)
    unsure = _in_state(database, ListState.UNKNOWN, claimed_before=now - SETTLE_AFTER)
    for list_id in unsure:
        settled += _settle(database, slack, config, list_id, now)
    return settled


def _settle(database: Database, slack: Slack, config: Config, list_id: int, now: datetime) -> bool:
    with database.reading() as session:
        daily = session.get_one(DailyList, list_id)
    try:
        ts = daily.channel and slack.find_posted(
            daily.channel, daily.public_id, daily.claimed_at - LEASE
        )
    except (DeliveryFailed, DeliveryUnsure) as lost:
        log.warning("list %s cannot be looked up yet: %s", list_id, lost)
        return False
    if ts:
        _posted(database, list_id, str(daily.channel), ts, version=0, now=now)
        return True
    if _same_day(database, daily, now) and _claim(database, list_id, ListState.UNKNOWN, now):
        return _post(database, slack, config, list_id, now)
    return False


def _post(database: Database, slack: Slack, config: Config, list_id: int, now: datetime) -> bool:
    with database.reading() as session:
        daily = session.get_one(DailyList, list_id)
        page = read_page(session, list_id, config.outcome_settings, now)
    try:
        channel = _channel(database, slack, daily.salesperson_id)
        _note_channel(database, list_id, channel)
        ts = slack.post(channel, summary(page), daily_list(page), key=daily.public_id)
    except DeliveryUnsure as lost:
        log.warning("list %s may or may not have been posted: %s", list_id, lost)
        _move(database, list_id, ListState.SENDING, ListState.UNKNOWN, str(lost))
        return False
    except DeliveryFailed as refused:
        after = ListState.FAILED if refused.permanent else ListState.READY
        log.warning("list %s was not posted: %s", list_id, refused)
        _move(database, list_id, ListState.SENDING, after, str(refused))
        return False
    _posted(database, list_id, channel, ts, daily.version, now)
    return True


def _channel(database: Database, slack: Slack, salesperson_id: int) -> str:
    """The person's direct-message channel, asked of Slack once."""
    with database.reading() as session:
        person = session.get_one(Salesperson, salesperson_id)
    if person.dm_channel:
        return person.dm_channel
    slack_id = person.slack_id or slack.find_user(person.email)
    if slack_id is None:
        raise DeliveryFailed(f"Slack knows nobody by {person.email}", permanent=True)
    channel = slack.open_dm(slack_id)
    with database.writing() as session:
        person = session.get_one(Salesperson, salesperson_id)
        person.slack_id, person.dm_channel = slack_id, channel
    return channel


def _in_state(
    database: Database, state: ListState, claimed_before: datetime | None = None
) -> list[int]:
    daily = table_of(DailyList).c
    query = sa.select(daily.id).where(daily.state == state).order_by(daily.id)
    if claimed_before is not None:
        query = query.where(daily.claimed_at <= claimed_before)
    with database.reading() as session:
        return list(session.execute(query).scalars())


def _claim(database: Database, list_id: int, before: ListState, now: datetime) -> bool:
    """Committed before the post: a second process finds the state changed and leaves it."""
    return _change(database, list_id, before, {"state": ListState.SENDING, "claimed_at": now})


def _move(
    database: Database, list_id: int, before: ListState, after: ListState, detail: str = ""
) -> bool:
    return _change(database, list_id, before, {"state": after, "detail": detail})


def _note_channel(database: Database, list_id: int, channel: str) -> None:
    _change(database, list_id, ListState.SENDING, {"channel": channel})


def _posted(
    database: Database, list_id: int, channel: str, ts: str, version: int, now: datetime
) -> None:
    """A late answer counts too: whatever the state is by now, the message is there."""
    values = {
        "state": ListState.POSTED,
        "channel": channel,
        "message_ts": ts,
        "posted_at": now,
        "drawn_version": version,
        "detail": "",
    }
    daily = table_of(DailyList)
    with database.writing() as session:
        session.connection().execute(sa.update(daily).where(daily.c.id == list_id).values(**values))


def _change(database: Database, list_id: int, before: ListState, values: dict[str, object]) -> bool:
    daily = table_of(DailyList)
    with database.writing() as session:
        changed = session.connection().execute(
            sa.update(daily)
            .where(daily.c.id == list_id, daily.c.state == before)
            .values(**values)
            .returning(daily.c.id)
        )
        return changed.first() is not None


def _same_day(database: Database, daily: DailyList, now: datetime) -> bool:
    with database.reading() as session:
        person = session.get_one(Salesperson, daily.salesperson_id)
    return now.astimezone(ZoneInfo(person.timezone)).date() == daily.local_date
