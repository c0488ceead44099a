"""What tests of mailing share: settings, a mail, leads in bulk, and SendGrid's end of the wire."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from bot.approve_mail import approve_mail
from bot.config import Config
from bot.draft_mail import draft_mail
from models import Account, Consent, Database, Delivery, Lead
from models.enums import Basis, CallState, CustomerClass, DeliveryState, Language
from tests.builders import T0

SOURCE = Path(__file__).parent.joinpath("data", "november.md").read_text(encoding="utf-8")


def a_config(**fields: Any) -> Config:
    given: dict[str, Any] = {
        "public_url": "https://callfirst.example",
        "callfirst_secret_key": "a key of the tests",
        "mail_from": "info@aoba.example",
        "mail_from_name": "株式会社青葉",
        "mail_postal_address": "東京都千代田区丸の内1-1-1",
        "mail_contact": "03-0000-0000",
    }
    return Config(_env_file=None, **given | fields)


def a_mail(session: Session, config: Config, source: str = SOURCE, now: datetime = T0) -> int:
    """An approved mail, due at once."""
    mail = draft_mail(session, source, by="suzuki", now=now)
    approve_mail(session, mail.id, by="sato", send_after=None, now=now, config=config)
    return mail.id


def many_leads(session: Session, count: int) -> None:
    """Leads 1 to `count` of class E with an address and a card, inserted in bulk."""
    execute = session.connection().execute
    account = Account(name="青葉商事", name_key="青葉商事")
    session.add(account)
    session.flush()
    rows = [
        {
            "account_id": account.id,
            "name": f"見込み 客{number}",
            "email": f"lead{number}@customer.example",
            "email_key": f"lead{number}@customer.example",
            "language": Language.JA,
            "customer_class": CustomerClass.E,
            "call_state": CallState.OPEN,
            "created_at": T0,
        }
        for number in range(1, count + 1)
    ]
    execute(sa.insert(Lead.__table__), rows)
    basis = [
        {
            "address_key": row["email_key"],
            "basis": Basis.BUSINESS_CARD,
            "source": "test",
            "recorded_by": "test",
            "recorded_at": T0,
        }
        for row in rows
    ]
    execute(sa.insert(Consent.__table__), basis)


def states(database: Database, mail_id: int | None = None) -> dict[str, int]:
    """How many deliveries stand in each state, those without any left out."""
    query = sa.select(Delivery.state, sa.func.count()).group_by(Delivery.state)
    if mail_id is not None:
        query = query.where(Delivery.mail_id == mail_id)
    with database.reading() as session:
        return {DeliveryState(state).value: count for state, count in session.execute(query)}


def delivery_ids(body: dict[str, Any]) -> list[str]:
    return [each["custom_args"]["cf_delivery"] for each in body["personalizations"]]


def addresses(body: dict[str, Any]) -> list[str]:
    return [each["to"][0]["email"] for each in body["personalizations"]]


@dataclass
class Outbox:
    """A mailer that keeps what it was given. `answer` may raise what a real one would."""

    answer: Callable[[dict[str, Any]], None] = lambda body: None
    bodies: list[dict[str, Any]] = field(default_factory=list)

    def send(self, body: dict[str, Any]) -> str:
        self.bodies.append(body)
        self.answer(body)
        return f"message-{len(self.bodies)}"

    @property
    def mailed(self) -> list[str]:
        return [address for body in self.bodies for address in addresses(body)]


@dataclass
class Answer:
    status: int = 202
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    raw: bytes | None = None  # written instead of an HTTP answer; b"" cuts the connection
    wait: float = 0.0


@dataclass
class Wire:
    """SendGrid's end of a real connection."""

    url: str
    answer: Callable[[dict[str, Any]], Answer]
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)
    arrived: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))


def accepted(body: dict[str, Any]) -> Answer:
    return Answer(headers={"X-Message-Id": "abc.def"})


@contextmanager
def wire(answer: Callable[[dict[str, Any]], Answer] = accepted, tls: Any = None) -> Iterator[Wire]:
    """A server on this machine that answers as told, closed at the end."""
    server = _Quiet(("127.0.0.1", 0), _Handler)
    scheme = "http"
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    server.wire = Wire(f"{scheme}://127.0.0.1:{server.server_port}", answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.wire
    finally:
        server.wire.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Quiet(ThreadingHTTPServer):
    daemon_threads = False
    wire: Wire

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a client that goes away is part of the tests


class _Handler(BaseHTTPRequestHandler):
    server: _Quiet

    def handle_any(self) -> None:
        wire = self.server.wire
        length = int(self.headers.get("Content-Length") or 0)
        read = self.rfile.read(length)
        if len(read) < length:
            return  # cut off: not a request
        wire.requests.append((self.command, self.path, dict(self.headers.items())))
        body = json.loads(read) if read else {}
        wire.bodies.append(body)
        wire.arrived.release()
        answer = wire.answer(body)
        if answer.wait:
            wire.ended.wait(answer.wait)
        self.close_connection = True
        if answer.raw is not None:
            self.wfile.write(answer.raw)
            return
        self.send_response(answer.status)
        for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    do_POST = do_GET = do_CONNECT = handle_any

    def log_message(self, *_: Any) -> None:
        pass
