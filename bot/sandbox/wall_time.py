"""Times as the page shows them."""

from datetime import date, datetime

from bot.sandbox.clock import TOKYO
from bot.services.slack import ts_to_time
from bot.texts import clock_time, day
from models.enums import Language


def when(ts: str, language: str) -> str:
    """A message's time as the page shows it: day and wall clock in Tokyo."""
    return when_long(ts_to_time(ts), language)


def when_long(moment: datetime, language: str) -> str:
    """Day and wall-clock time in Tokyo."""
    local, shown = moment.astimezone(TOKYO), Language(language)
    return f"{day(local.date(), shown)} {clock_time(local, shown)}"


def local_day(moment: datetime) -> date:
    """The date it is in Tokyo."""
    return moment.astimezone(TOKYO).date()
