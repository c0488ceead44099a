"""The whole container: what a handler, a job or a command needs from outside."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event

from bot.config import Config
from bot.services.sendgrid import Mailer
from bot.services.slack import Slack
from models import Database


@dataclass(frozen=True)
class Parts:
    """Built once by a composition root (`bot/cli.py`, `bot/sandbox/`) and handed down.

    `now` gives aware UTC; a handler or job calls it once. `later` runs work after the answer to
    Slack has left. `stale` is set when a posted list no longer shows what the database says.
    """

    config: Config
    database: Database
    slack: Slack
    mailer: Mailer
    now: Callable[[], datetime]
    later: Callable[[Callable[[], object]], None]
    stale: Event = field(default_factory=Event)
