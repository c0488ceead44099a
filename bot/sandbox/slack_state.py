"""What the stand-in for Slack remembers: one workspace, in memory."""

import hashlib
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

Block = dict[str, Any]

TEAM = {"id": "T0CALLFIRST", "domain": "aozora-demo"}
APP_ID = "A0CALLFIRST"
BOT_USER = "U0CALLFIRST"
BOT_ID = "B0CALLFIRST"
TRIGGER_LIFE = timedelta(seconds=3)
URL_LIFE = timedelta(minutes=30)
URL_USES = 5


@dataclass(frozen=True)
class Person:
    """A member of the workspace."""

    id: str
    name: str
    email: str
    dm: str
    job: str  # a text key of the page
    language: str = "ja"

    def as_slack(self) -> dict[str, Any]:
        """The person as `users.info` shows them."""
        names = {"real_name": self.name, "display_name": self.name}
        return {
            "id": self.id,
            "team_id": TEAM["id"],
            "name": self.email.partition("@")[0],
            "real_name": self.name,
            "tz": "Asia/Tokyo",
            "tz_offset": 32_400,
            "locale": "ja-JP" if self.language == "ja" else "en-US",
            "is_bot": False,
            "deleted": False,
            "profile": {"email": self.email, **names},
        }


@dataclass
class Message:
    """A message in a channel; `only_for` marks an ephemeral one."""

    ts: str
    channel: str
    text: str
    blocks: list[Block]
    metadata: dict[str, Any] | None = None
    edited: bool = False
    only_for: str | None = None

    def as_slack(self) -> dict[str, Any]:
        """The message as Slack's payloads carry it."""
        body: dict[str, Any] = {
            "type": "message",
            "user": BOT_USER,
            "bot_id": BOT_ID,
            "app_id": APP_ID,
            "team": TEAM["id"],
            "ts": self.ts,
            "text": self.text,
            "blocks": self.blocks,
        }
        if self.edited:
            body["edited"] = {"user": BOT_ID, "ts": self.ts}
        return body


@dataclass
class View:
    """An open modal or a published Home. `typed` holds what the person had entered."""

    id: str
    user: str
    body: Block
    hash: str
    errors: dict[str, str] = field(default_factory=dict)
    typed: dict[str, Any] = field(default_factory=dict)

    def as_slack(self, values: dict[str, Any] | None = None) -> dict[str, Any]:
        """The view as Slack's payloads carry it, with the state of its inputs."""
        return {
            "callback_id": "",
            "private_metadata": "",
            "clear_on_close": False,
            "notify_on_close": False,
            "external_id": "",
            "close": None,
            "submit": None,
            "previous_view_id": None,
            **self.body,
            "id": self.id,
            "root_view_id": self.id,
            "team_id": TEAM["id"],
            "app_installed_team_id": TEAM["id"],
            "app_id": APP_ID,
            "bot_id": BOT_ID,
            "hash": self.hash,
            "state": {"values": values or {}},
        }


@dataclass
class Reply:
    """Where a response_url leads: to whom, in which channel, about which message."""

    user: str
    channel: str
    message_ts: str | None
    until: datetime
    uses: int = 0


class Workspace:
    """People, messages, views, triggers. `faults` are the mistakes Slack would let pass."""

    def __init__(self, now: Callable[[], datetime], people: list[Person]) -> None:
        self.now = now
        self.lock = threading.RLock()
        self.people = {person.id: person for person in people}
        self.messages: dict[str, list[Message]] = {person.dm: [] for person in people}
        self.homes: dict[str, View] = {}
        self.modals: dict[str, list[View]] = {person.id: [] for person in people}
        self.replies: dict[str, Reply] = {}
        self.triggers: dict[str, tuple[str, datetime]] = {}
        self.faults: list[str] = []
        self.refused: list[tuple[str, str]] = []
        self._numbers = itertools.count(1)
        self._last_second, self._in_second = 0, 0

    def next_ts(self) -> str:
        """A Slack timestamp of this moment; unique although the clock stands still."""
        second = int(self.now().timestamp())
        with self.lock:
            self._in_second = self._in_second + 1 if second == self._last_second else 1
            self._last_second = second
            return f"{second}.{self._in_second:06d}"

    def new_id(self, prefix: str) -> str:
        """An id in Slack's style; the same in every run, so that a seed repeats a month."""
        number = next(self._numbers)
        return prefix + hashlib.sha256(f"{prefix}{number}".encode()).hexdigest()[:10].upper()

    def person_of_dm(self, channel: str) -> Person | None:
        """Whose direct messages these are."""
        return next((one for one in self.people.values() if one.dm == channel), None)

    def find(self, channel: str, ts: str) -> Message | None:
        """A message by its channel and timestamp, ephemeral ones too."""
        found = (one for one in self.messages.get(channel, []) if one.ts == ts)
        return next(found, None)

    def add(self, message: Message) -> Message:
        with self.lock:
            self.messages[message.channel].append(message)
        return message

    def new_trigger(self, user: str) -> str:
        """A trigger id: good once, for three seconds."""
        trigger = f"{self.new_id('1')}.{self.new_id('2')}"
        with self.lock:
            self.triggers[trigger] = (user, self.now() + TRIGGER_LIFE)
        return trigger

    def use_trigger(self, trigger: str) -> str | None:
        """The person behind a trigger, or None when it was used or is too old."""
        with self.lock:
            user, until = self.triggers.pop(trigger, ("", datetime.min.replace(tzinfo=UTC)))
        return user if user and self.now() <= until else None

    def new_reply(self, user: str, channel: str, message_ts: str | None) -> str:
        """The secret end of a new response_url."""
        token = self.new_id("R")
        with self.lock:
            self.replies[token] = Reply(user, channel, message_ts, self.now() + URL_LIFE)
        return token

    def use_reply(self, token: str) -> Reply | None:
        """Where a response_url leads, while it is under 30 minutes old and used under 5 times."""
        with self.lock:
            reply = self.replies.get(token)
            if reply is None or self.now() > reply.until or reply.uses >= URL_USES:
                return None
            reply.uses += 1
            return reply

    def new_view(self, user: str, body: Block) -> View:
        return View(self.new_id("V"), user, body, hash=self.next_ts())
