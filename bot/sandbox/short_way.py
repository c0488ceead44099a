"""Signed requests straight into the bot's handlers: a month has no time for sockets.

The same bytes and signatures as over HTTP, checked by the same code; only the web server between
is left out.
"""

from pydantic import SecretStr
from slack_bolt import App, BoltRequest

from bot.parts import Parts
from bot.sandbox.wire import Answer
from handlers.front_door import verify_slack
from handlers.sendgrid_webhook import receive_post


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
