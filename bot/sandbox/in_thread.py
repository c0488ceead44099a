"""Plain functions as web endpoints: the body is read first, the work runs in a thread."""

from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

Plain = Callable[[Request, bytes], Response]


def in_thread(work: Plain) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that calls `work(request, body)` without holding up the server."""

    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(work, request, await request.body())

    return endpoint
