"""Slack's Web API, as far as callfirst needs it. The only module that holds a WebClient.

The client's own retries are off: its default repeats a post whose answer was cut, and the person
would have two lists (measured). What is certain and what is not is said by the exception.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from bot.errors import DeliveryFailed, DeliveryUnsure
from bot.views.blocks import Block

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 10
UNSURE_ERRORS = {"fatal_error", "internal_error", "request_timeout", "service_unavailable"}
PASSING_ERRORS = {"ratelimited", "rate_limited"}
READS = {"auth.test", "users.lookupByEmail", "conversations.history"}  # Slack takes no JSON there
LIST_EVENT = "callfirst_list"  # the metadata type by which a posted list is found again


class Slack:
    """Every method raises DeliveryFailed (certainly not done) or DeliveryUnsure (perhaps done)."""

    def __init__(self, token: str, api_url: str) -> None:
        self.client = WebClient(
            token=token, base_url=api_url, timeout=TIMEOUT_SECONDS, retry_handlers=[]
        )

    def who_am_i(self) -> dict[str, str]:
        """auth.test: `team_id`, `user_id` and `bot_id` of this installation."""
        answer = self._call("auth.test")
        return {key: str(answer.get(key, "")) for key in ("team_id", "user_id", "bot_id")}

    def find_user(self, email: str) -> str | None:
        """The Slack id behind an address, or None when Slack knows nobody by it."""
        try:
            return str(self._call("users.lookupByEmail", {"email": email})["user"]["id"])
        except DeliveryFailed as refused:
            if str(refused) == "users_not_found":
                return None
            raise

    def open_dm(self, user_id: str) -> str:
        """The id of the direct-message channel with a person."""
        return str(self._call("conversations.open", {"users": user_id})["channel"]["id"])

    def post(self, channel: str, text: str, blocks: Sequence[Block], key: str | None = None) -> str:
        """Post a message and return its timestamp. `key` lets `find_posted` find it again."""
        body: dict[str, Any] = {
            "channel": channel,
            "text": text,
            "blocks": list(blocks),
            "unfurl_links": False,
            "unfurl_media": False,
        }
        if key:
            body["metadata"] = {"event_type": LIST_EVENT, "event_payload": {"id": key}}
        return str(self._call("chat.postMessage", body)["ts"])

    def update(self, channel: str, ts: str, text: str, blocks: Sequence[Block]) -> None:
        self._call(
            "chat.update", {"channel": channel, "ts": ts, "text": text, "blocks": list(blocks)}
        )

    def find_posted(self, channel: str, key: str, since: datetime) -> str | None:
        """The timestamp of the message posted with `key` since then, or None."""
        answer = self._call(
            "conversations.history",
            {
                "channel": channel,
                "oldest": f"{since.timestamp():.6f}",
                "include_all_metadata": True,
                "limit": 100,
            },
        )
        for message in answer.get("messages", []):
            payload = message.get("metadata", {}).get("event_payload", {})
            if payload.get("id") == key:
                return str(message["ts"])
        return None

    def open_view(self, trigger_id: str, view: Block) -> None:
        self._call("views.open", {"trigger_id": trigger_id, "view": view})

    def publish_home(self, user_id: str, view: Block) -> None:
        self._call("views.publish", {"user_id": user_id, "view": view})

    def respond(self, response_url: str, text: str, blocks: Sequence[Block] | None = None) -> None:
        """Answer an interaction to its sender alone; with `blocks`, redraw what they pressed."""
        client = WebhookClient(response_url, timeout=TIMEOUT_SECONDS, retry_handlers=[])
        answer = client.send(
            text=text,
            blocks=list(blocks) if blocks else None,
            response_type="ephemeral",
            replace_original=blocks is not None,
        )
        if answer.status_code != 200:
            raise DeliveryFailed(answer.body, permanent=True, status=answer.status_code)

    def _call(self, method: str, body: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        try:
            if method in READS:
                answer = self.client.api_call(method, data=dict(body or {}))
            else:
                answer = self.client.api_call(method, json=dict(body or {}))
        except SlackApiError as error:
            raise _translated(error) from error
        except (OSError, TimeoutError) as error:
            raise DeliveryUnsure(f"{method}: {error}") from error
        data = answer.data
        return data if isinstance(data, dict) else {}


def _translated(error: SlackApiError) -> DeliveryFailed | DeliveryUnsure:
    status = error.response.status_code
    why = str(error.response.get("error") or f"http {status}")
    if status == 429 or why in PASSING_ERRORS:
        seconds = int(error.response.headers.get("Retry-After", 30))
        return DeliveryFailed(
            why, permanent=False, retry_after=timedelta(seconds=seconds), status=429
        )
    if status >= 500 or why in UNSURE_ERRORS:
        return DeliveryUnsure(why)
    return DeliveryFailed(why, permanent=True, status=status)


def ts_to_time(ts: str) -> datetime:
    """The moment a Slack timestamp stands for, in UTC."""
    return datetime.fromtimestamp(float(ts), UTC)
