"""The stand-in for SendGrid's v3 Mail Send: validates, accepts, keeps what a reader would see."""

import hashlib
import itertools
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.sandbox.in_thread import in_thread
from bot.sandbox.sendgrid_check import mail_faults

Body = dict[str, Any]


@dataclass
class Mail:
    """One mail as accepted: the request it came in, and the personalization that is its own."""

    number: int
    to: str
    request: Body
    own: Body
    message_id: str
    accepted_at: datetime
    opened: bool = False  # by somebody at the page

    @property
    def subject(self) -> str:
        return self.filled(str(self.own.get("subject") or self.request.get("subject") or ""))

    @property
    def custom_args(self) -> dict[str, str]:
        return {**self.request.get("custom_args", {}), **self.own.get("custom_args", {})}

    @property
    def headers(self) -> dict[str, str]:
        """Headers as the mail program of the reader sees them."""
        both = {**self.request.get("headers", {}), **self.own.get("headers", {})}
        return {name: self.filled(value) for name, value in both.items()}

    def content(self, kind: str) -> str:
        """The part of a type (`text/plain`, `text/html`) with this reader's values in it."""
        parts = (part for part in self.request["content"] if part["type"] == kind)
        return self.filled(next((part["value"] for part in parts), ""))

    def tracks(self, what: str) -> bool:
        """Whether `click_tracking` or `open_tracking` is on."""
        settings = self.request.get("tracking_settings", {}).get(what, {})
        return bool(settings.get("enable", True))

    def filled(self, value: str) -> str:
        for mark, own in self.own.get("substitutions", {}).items():
            value = value.replace(mark, own)
        return value

    @property
    def sg_message_id(self) -> str:
        return f"{self.message_id}.recvd-demo-{self.number}"


class SendGridApi:
    """Accepts mail for one API key; `on_mail` hears of each mail that was accepted."""

    def __init__(self, key: str, now: Callable[[], datetime]) -> None:
        self.key, self.now = key, now
        self.mails: list[Mail] = []
        self.by_address: dict[str, list[Mail]] = {}
        self.refused: list[Body] = []
        self.on_mail: Callable[[Mail], None] = lambda mail: None
        self._requests = itertools.count(1)
        self._lock = threading.Lock()

    def routes(self) -> list[Route]:
        return [Route("/sendgrid/v3/mail/send", in_thread(self.send), methods=["POST"])]

    def send(self, request: Request, body: bytes) -> Response:
        """`POST /v3/mail/send`."""
        if request.headers.get("authorization") != f"Bearer {self.key}":
            fault = "The provided authorization grant is invalid, expired, or revoked"
            return JSONResponse({"errors": [_error(fault, None)]}, 401)
        if not request.headers.get("content-type", "").startswith("application/json"):
            fault = "Content-Type should be application/json"
            return JSONResponse({"errors": [_error(fault, None)]}, 415)
        try:
            asked = json.loads(body)
        except ValueError:
            return self._refuse([_error("Bad Request", None)])
        if faults := mail_faults(asked, self.now()):
            return self._refuse([_error(message, where) for where, message in faults])
        if asked.get("mail_settings", {}).get("sandbox_mode", {}).get("enable") is True:
            return Response(status_code=200)
        return Response(status_code=202, headers={"X-Message-Id": self._accept(asked)})

    def _accept(self, asked: Body) -> str:
        with self._lock:
            number = next(self._requests)
            message_id = hashlib.sha256(f"request {number}".encode()).hexdigest()[:22]
            for own in asked["personalizations"]:
                to = own["to"][0]["email"]
                mail = Mail(len(self.mails), to, asked, own, message_id, self.now())
                self.mails.append(mail)
                self.by_address.setdefault(to.lower(), []).append(mail)
                self.on_mail(mail)
        return message_id

    def _refuse(self, errors: list[Body]) -> Response:
        self.refused += errors
        return JSONResponse({"errors": errors}, 400)


def _error(message: str, where: str | None) -> Body:
    return {"message": message, "field": where, "help": None}
