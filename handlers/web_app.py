"""Everything that is public, and nothing else: the routes."""

from functools import partial
from http import HTTPStatus

from anyio import CapacityLimiter
from slack_bolt import App
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.parts import Parts
from handlers import health, pages, sendgrid_webhook
from handlers.front_door import Endpoint, guarded, receive_slack

KIB = 1024
MAX_SLACK_BODY = 1024 * KIB
MAX_SENDGRID_BODY = 2048 * KIB  # SendGrid closes a post at 768 KiB
MAX_FORM_BODY = 64 * KIB  # two texts of 2,000 letters, percent-encoded, are 36 KiB

# A person presses buttons while posts of a thousand events come in: each has threads of its own.
# More than one for posts was slower for both (measured): they only take turns at the interpreter.
SLACK_THREADS = 50
WEBHOOK_THREADS = 1

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
FORMS = (FORM, "multipart/form-data")
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}


def build_web(parts: Parts, slack_app: App) -> Starlette:
    """The web application. Raises UserMistake when a webhook key cannot be used."""
    sendgrid_webhook.webhook_keys(parts)
    app = Starlette(
        routes=_routes(parts, slack_app),
        middleware=[Middleware(SafeHeaders)],
        exception_handlers={HTTPException: _refused},
    )
    app.router.redirect_slashes = False
    return app


def _routes(parts: Parts, slack_app: App) -> list[Route]:
    slack = partial(receive_slack, parts, slack_app, CapacityLimiter(SLACK_THREADS))
    sendgrid = partial(sendgrid_webhook.receive_sendgrid, parts, CapacityLimiter(WEBHOOK_THREADS))
    survey, unsubscribe = partial(pages.survey, parts), partial(pages.unsubscribe, parts)
    return [
        _post("/slack/events", guarded(slack, most=MAX_SLACK_BODY, types=(FORM, JSON))),
        _post("/sendgrid/events", guarded(sendgrid, most=MAX_SENDGRID_BODY, types=(JSON,))),
        _page("/s/{token}", guarded(survey, most=MAX_FORM_BODY, types=FORMS)),
        _page("/u/{token}", guarded(unsubscribe, most=MAX_FORM_BODY, types=(*FORMS, ""))),
        Route("/healthz", health.is_alive),
        Route("/readyz", partial(health.is_ready, parts)),
    ]


def _post(path: str, endpoint: Endpoint) -> Route:
    return Route(path, endpoint, methods=["POST"])


def _page(path: str, endpoint: Endpoint) -> Route:
    return Route(path, endpoint, methods=["GET", "POST"])


async def _refused(_request: Request, error: Exception) -> Response:
    """Every refusal in the same bare words; what went wrong inside is for the log."""
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    return PlainTextResponse(phrase, error.status_code, error.headers)


class SafeHeaders:
    """Nothing is cached, indexed, framed or sniffed, and no address leaks by a referrer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)
