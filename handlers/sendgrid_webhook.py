"""POST /sendgrid/events: SendGrid's Event Webhook. 200 means stored, and nothing else does."""

import logging
from collections.abc import Mapping
from functools import cache, partial

import sqlalchemy as sa
from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from bot.errors import BadSignature
from bot.parts import Parts
from bot.record_mail_events import record_mail_events
from bot.services.sendgrid_events import (
    PublicKey,
    load_keys,
    parse,
    verify,
)
from models import DatabaseBusy

log = logging.getLogger(__name__)

WAIT_SECONDS = 5  # for the writer; SendGrid comes again, so better soon than late
SAID = {200: "", 401: "Unauthorized", 503: "Service Unavailable"}


def receive_post(parts: Parts, headers: Mapping[str, str], body: bytes) -> int:
    """Verify, record and answer with the HTTP status: 200 stored (or known, or set aside as
    unreadable), 401 not SendGrid's, 503 not stored, send it again."""
    try:
        verify(headers, body, webhook_keys(parts), parts.now())
    except BadSignature as refused:
        log.warning("a post to /sendgrid/events was refused: %s", refused)
        return 401
    events, unreadable = parse(body)
    try:
        with parts.database.writing(wait=WAIT_SECONDS) as session:
            record_mail_events(session, events, parts.now(), unreadable=unreadable)
    except (DatabaseBusy, sa.exc.DBAPIError) as error:
        log.error("webhook events could not be stored: %s", type(error).__name__)
        return 503
    log.info("%d webhook events are stored, %d set aside", len(events), len(unreadable))
    return 200


def webhook_keys(parts: Parts) -> tuple[PublicKey, ...]:
    """The configured keys, read once. Raises UserMistake for one that is no such key."""
    return _keys(tuple(parts.config.sendgrid_webhook_public_key))


@cache
def _keys(texts: tuple[str, ...]) -> tuple[PublicKey, ...]:
    return load_keys(texts)


async def receive_sendgrid(
    parts: Parts, limiter: CapacityLimiter, request: Request, body: bytes
) -> Response:
    post = partial(receive_post, parts, dict(request.headers), body)
    status = await to_thread.run_sync(post, limiter=limiter)
    return PlainTextResponse(SAID[status], status)
