"""What reaches Bolt was signed by Slack; what is public is exactly what is meant to be."""

import asyncio
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlencode

import httpx2
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.testclient import TestClient

from bot.migrate_database import migrate
from models import Database
from tests.builders import T0
from tests.signals import a_web, slack_signed

URL = "/slack/events"
NOW = int(T0.timestamp())
BODY = urlencode(
    {"command": "/callfirst", "text": "help", "team_id": "T1", "user_id": "U1"}
).encode()


@pytest.fixture
def client(database: Database) -> Iterator[TestClient]:
    _, app = a_web(database)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def test_a_signed_command_is_heard(client: TestClient) -> None:
    answer = client.post(URL, content=BODY, headers=slack_signed(BODY, NOW))

    assert (answer.status_code, answer.text) == (200, "heard")


@pytest.mark.parametrize(
    "changes",
    [
        {"X-Slack-Signature": ""},
        {"X-Slack-Signature": "v0=" + "0" * 64},
        {"X-Slack-Signature": "v0=é"},
        {"X-Slack-Request-Timestamp": ""},
        {"X-Slack-Request-Timestamp": "abc"},
        {"X-Slack-Request-Timestamp": f"{NOW}.5"},
        {"X-Slack-Request-Timestamp": f"-{NOW}"},
        {"X-Slack-Request-Timestamp": "9" * 5000},
        {"X-Slack-Request-Timestamp": f"{NOW + 1}"},
    ],
)
def test_what_slack_did_not_sign_gets_401(client: TestClient, changes: dict[str, str]) -> None:
    headers = {
        name: value.encode("utf-8") for name, value in (slack_signed(BODY, NOW) | changes).items()
    }

    answer = client.post(URL, content=BODY, headers=headers)

    assert (answer.status_code, answer.text) == (401, "Unauthorized")


@pytest.mark.parametrize(("seconds", "status"), [(-301, 401), (-299, 200), (299, 200), (301, 401)])
def test_only_five_minutes_are_believed(client: TestClient, seconds: int, status: int) -> None:
    headers = slack_signed(BODY, NOW + seconds)

    assert client.post(URL, content=BODY, headers=headers).status_code == status


@pytest.mark.parametrize("secret", [None, ""])
def test_without_a_secret_nothing_is_believed(database: Database, secret: str | None) -> None:
    _, app = a_web(database, slack_signing_secret=secret)

    with TestClient(app) as client:
        answer = client.post(URL, content=BODY, headers=slack_signed(BODY, NOW, secret=""))

    assert answer.status_code == 401


@pytest.mark.parametrize("body", [b"[" * 200_000, b"{bad", b"\xff", b"payload=%7B"])
@pytest.mark.parametrize("type", ["application/json", "application/x-www-form-urlencoded"])
def test_junk_is_refused_unread_and_even_signed_does_no_harm(
    client: TestClient, body: bytes, type: str
) -> None:
    headers = slack_signed(body, NOW) | {"Content-Type": type}

    unsigned = client.post(URL, content=body, headers={"Content-Type": type})
    signed = client.post(URL, content=body, headers=headers)

    assert unsigned.status_code == 401
    assert signed.status_code in (400, 404)


def test_size_type_and_method_are_checked_first(client: TestClient) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    assert client.post(URL, content=b"x" * (2**20 + 1), headers=form).status_code == 413
    assert client.post(URL, content=BODY, headers={"Content-Type": "text/plain"}).status_code == 415
    assert client.get(URL).status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/Slack/Events",
        "/slack//events",
        "/slack/events/",
        "/docs",
        "/s/",
        "/s/a/b",
        "/metrics",
    ],
)
def test_nothing_else_is_public(client: TestClient, path: str) -> None:
    for method in ("GET", "POST"):
        assert client.request(method, path).status_code == 404


def test_every_answer_has_the_safe_headers(client: TestClient) -> None:
    for method, path in (("GET", "/"), ("GET", "/healthz"), ("POST", URL), ("GET", "/u/x")):
        headers = client.request(method, path).headers
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Robots-Tag"].startswith("noindex")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_a_fault_inside_tells_a_stranger_nothing(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("handlers.health.schema_state", broken)
    answer = client.get("/readyz")

    assert (answer.status_code, answer.text) == (500, "Internal Server Error")


def test_ready_means_that_the_tables_are_this_programs(bare_database: Database) -> None:
    _, app = a_web(bare_database)

    with TestClient(app) as client:
        before = client.get("/readyz")
        migrate(bare_database)
        after = client.get("/readyz")
        alive = client.get("/healthz")

    assert (before.status_code, before.json()["ready"]) == (503, False)
    assert "migrate" in before.json()["reason"]
    assert (after.status_code, after.json()) == (200, {"ready": True})
    assert (alive.status_code, alive.text) == (200, "ok")


def test_a_lost_database_is_alive_but_not_ready(database: Database, tmp_path: object) -> None:
    lost = Database(f"sqlite:///{tmp_path}/no/such/folder.db")
    _, app = a_web(lost)

    with TestClient(app) as client:
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 503
    lost.dispose()


def test_slow_listeners_do_not_hold_up_the_server(database: Database) -> None:
    parts, app = a_web(database)
    slow = a_slow_web(parts, seconds=0.5)

    with running(slow) as url:
        took, health = asyncio.run(twenty_commands_and_a_health_check(url))

    assert took < 3  # one after another they would take ten seconds
    assert health < 0.3


def a_slow_web(parts: object, seconds: float) -> Starlette:
    from handlers.web_app import build_web
    from tests.signals import a_slack_app

    app = a_slack_app()

    def slow(ack: object) -> None:
        time.sleep(seconds)
        ack("done")  # type: ignore[operator]

    app.command("/slow")(slow)
    return build_web(parts, app)  # type: ignore[arg-type]


class running:
    """The application under uvicorn on a free port of this machine, until the block ends."""

    def __init__(self, app: Starlette) -> None:
        config = uvicorn.Config(app, port=0, log_level="error", lifespan="off")
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)

    def __enter__(self) -> str:
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)
        [socket] = self.server.servers[0].sockets
        return f"http://127.0.0.1:{socket.getsockname()[1]}"

    def __exit__(self, *_: object) -> None:
        self.server.should_exit = True
        self.thread.join(10)


async def twenty_commands_and_a_health_check(url: str) -> tuple[float, float]:
    body = BODY.replace(b"%2Fcallfirst", b"%2Fslow")

    async with httpx2.AsyncClient(base_url=url, timeout=20) as client:
        start = time.monotonic()
        commands = [
            client.post(URL, content=body, headers=slack_signed(body, NOW)) for _ in range(20)
        ]
        waiting = asyncio.gather(*commands)
        await asyncio.sleep(0.1)
        asked = time.monotonic()
        await client.get("/healthz")
        health = time.monotonic() - asked
        answers = await waiting
        assert {answer.text for answer in answers} == {"done"}
        return time.monotonic() - start, health
