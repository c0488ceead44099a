"""Between the bot and Slack without a socket: a month in seconds has no time for them.

The same bytes, signatures and answers as over HTTP, checked by the same code; only the web server
between is left out.
"""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr
from slack_bolt import App, BoltRequest

from bot.errors import DeliveryFailed
from bot.parts import Parts
from bot.sandbox.slack_api import SlackApi
from bot.sandbox.wire import Answer
from bot.services.slack import Slack
from handlers.front_door import verify_slack
from handlers.sendgrid_webhook import receive_post


class NearSlack(Slack):
    """The bot's Slack client, whose calls reach the stand-in as the JSON they would be."""

    def __init__(self, api: SlackApi, api_url: str) -> None:
        super().__init__(api.token, api_url)
        self._api = api

    def _call(self, method: str, body: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        asked = json.loads(json.dumps(dict(body or {})))
        answer = json.loads(json.dumps(self._api.answer(method, asked)))
        if not answer["ok"]:
            raise DeliveryFailed(str(answer["error"]), permanent=True)
        return dict(answer)


def into_slack(parts: Parts, app: App, body: bytes, headers: dict[str, str]) -> Answer:
    """What `POST /slack/events` does, without the socket."""
    secret = parts.config.slack_signing_secret or SecretStr("")
    lower = {name.lower(): value for name, value in headers.items()}
    verify_slack(lower, body, secret.get_secret_value(), parts.now())
    asked = BoltRequest(
        body=body.decode(), headers={name: [value] for name, value in lower.items()}
    )
    answered = app.dispatch(asked)
    return Answer(answered.status, {}, (answered.body or "").encode())


def into_sendgrid(parts: Parts, body: bytes, headers: dict[str, str]) -> Answer:
    """What `POST /sendgrid/events` does, without the socket."""
    lower = {name.lower(): value for name, value in headers.items()}
    return Answer(receive_post(parts, lower, body), {}, b"")
