"""GET /healthz: the process lives. GET /readyz: it can do its work, or what keeps it from it."""

import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from bot.migrate_database import schema_state
from bot.parts import Parts

REASONS = {
    "missing": "the database has no tables; run `callfirst migrate`",
    "behind": "the database is older than this program; run `callfirst migrate`",
    "newer": "the database is newer than this program; upgrade callfirst",
}


async def is_alive(_request: Request) -> Response:
    return PlainTextResponse("ok")


async def is_ready(parts: Parts, _request: Request) -> Response:
    """200 when the database answers and has the tables of this program, else 503 and why."""
    reason = await run_in_threadpool(_obstacle, parts)
    if reason:
        return JSONResponse({"ready": False, "reason": reason}, 503)
    return JSONResponse({"ready": True})


def _obstacle(parts: Parts) -> str:
    try:
        return REASONS.get(schema_state(parts.database), "")
    except sa.exc.DBAPIError:
        return "the database cannot be reached"
