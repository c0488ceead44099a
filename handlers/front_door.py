"""What stands before every handler: size and content type; and, for Slack, the signature.

Bolt parses a body before it checks who signed it and knows only the real clock, so its own check
is off and this one sees the raw bytes first. Bolt then runs in a thread, because it would block
the event loop until a listener has answered.
"""

import hashlib
import hmac
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial

from anyio import CapacityLimiter, to_thread
from slack_bolt import App, BoltRequest
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from bot.errors import BadSignature
from bot.parts import Parts

log = logging.getLogger(__name__)

Endpoint = Callable[[Request], Awaitable[Response]]
BodyEndpoint = Callable[[Request, bytes], Awaitable[Response]]

SLACK_WINDOW_SECONDS = 5 * 60  # what Slack itself asks for
STAMP = re.compile(r"[0-9]{1,12}")


def guarded(endpoint: BodyEndpoint, *, most: int, types: tuple[str, ...]) -> Endpoint:
    """The endpoint behind a cap of `most` bytes and a closed list of content types.

    GET and HEAD get an empty body; "" among the types admits a request that names none.
    """

    async def enter(request: Request) -> Response:
        if request.method in ("GET", "HEAD"):
            return await endpoint(request, b"")
        if media_type(request.headers) not in types:
            raise HTTPException(415)
        return await endpoint(request, await read_body(request, most))

    return enter


def media_type(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


async def read_body(request: Request, most: int) -> bytes:
    """The raw body. Raises HTTPException 413 as soon as it is, or says it will be, too long."""
    announced = request.headers.get("content-length", "0")
    if not announced.isascii() or not announced.isdigit():
        raise HTTPException(400)
    if len(announced) > 12 or int(announced) > most:
        raise HTTPException(413)
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > most:
                raise HTTPException(413)
    except ClientDisconnect as gone:
        raise HTTPException(400) from gone
    return bytes(body)


def verify_slack(headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> None:
    """Return if Slack signed exactly these bytes within five minutes; else BadSignature."""
    stamp = headers.get("x-slack-request-timestamp", "")
    if not secret or not STAMP.fullmatch(stamp):
        raise BadSignature("no secret or no timestamp")
    if abs(now.timestamp() - int(stamp)) > SLACK_WINDOW_SECONDS:
        raise BadSignature("outside the five minutes")
    signed = b"v0:" + stamp.encode("ascii") + b":" + body
    right = "v0=" + hmac.new(secret.encode("utf-8"), signed, hashlib.sha256).hexdigest()
    given = headers.get("x-slack-signature", "")
    if not hmac.compare_digest(right.encode("ascii"), given.encode("utf-8", "replace")):
        raise BadSignature("not signed by Slack")


async def receive_slack(
    parts: Parts, app: App, limiter: CapacityLimiter, request: Request, body: bytes
) -> Response:
    """All of Slack: Bolt's answer, or 401, always the same, for what Slack did not sign."""
    secret = parts.config.slack_signing_secret
    try:
        verify_slack(
            request.headers, body, secret.get_secret_value() if secret else "", parts.now()
        )
    except BadSignature as refused:
        log.warning("a request to /slack/events was refused: %s", refused)
        return PlainTextResponse("Unauthorized", 401)
    answer = partial(_answer, app, body, request.url.query, dict(request.headers))
    return await to_thread.run_sync(answer, limiter=limiter)


def _answer(app: App, body: bytes, query: str, headers: dict[str, str]) -> Response:
    try:
        asked = BoltRequest(body=body.decode("utf-8"), query=query, headers={**headers})
    except (ValueError, RecursionError):
        log.error("a request signed by Slack could not be read")
        return PlainTextResponse("Bad Request", 400)
    answered = app.dispatch(asked)
    response = Response(answered.body, answered.status)
    for name, values in answered.headers.items():
        for value in values:
            response.headers.append(name, value)
    return response
