"""A Slack that keeps what it was told, for tests of what we say; the real client has its own."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.errors import DeliveryFailed, DeliveryUnsure
from bot.services.slack import Slack
from bot.views.blocks import Block


@dataclass
class Posted:
    channel: str
    text: str
    blocks: list[Block]
    key: str | None


@dataclass
class KeptSlack(Slack):
    """`fail_next` raises before the message is kept, `lose_next` after."""

    messages: dict[str, Posted] = field(default_factory=dict)
    updates: list[tuple[str, list[Block]]] = field(default_factory=list)
    views: list[tuple[str, Block]] = field(default_factory=list)
    homes: dict[str, Block] = field(default_factory=dict)
    answers: list[tuple[str, str]] = field(default_factory=list)
    users: dict[str, str] = field(default_factory=dict)
    fail_next: list[DeliveryFailed] = field(default_factory=list)
    lose_next: int = 0

    def who_am_i(self) -> dict[str, str]:
        return {"team_id": "T1", "user_id": "UBOT", "bot_id": "B1"}

    def find_user(self, email: str) -> str | None:
        return self.users.get(email)

    def open_dm(self, user_id: str) -> str:
        return f"D{user_id}"

    def post(self, channel: str, text: str, blocks: Sequence[Block], key: str | None = None) -> str:
        if self.fail_next:
            raise self.fail_next.pop()
        ts = f"{1_700_000_000 + len(self.messages)}.000100"
        self.messages[ts] = Posted(channel, text, list(blocks), key)
        if self.lose_next:
            self.lose_next -= 1
            raise DeliveryUnsure("the answer was lost")
        return ts

    def update(self, channel: str, ts: str, text: str, blocks: Sequence[Block]) -> None:
        if self.fail_next:
            raise self.fail_next.pop()
        self.messages[ts] = Posted(channel, text, list(blocks), self.messages[ts].key)
        self.updates.append((ts, list(blocks)))

    def find_posted(self, channel: str, key: str, since: datetime) -> str | None:
        return next((ts for ts, posted in self.messages.items() if posted.key == key), None)

    def open_view(self, trigger_id: str, view: Block) -> None:
        self.views.append((trigger_id, view))

    def publish_home(self, user_id: str, view: Block) -> None:
        self.homes[user_id] = view

    def respond(self, response_url: str, text: str, blocks: Any = None) -> None:
        self.answers.append((response_url, text))
