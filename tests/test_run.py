"""`callfirst run` as a process: it serves, hears signed presses, and ends when told to."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from slack_sdk.signature import SignatureVerifier
from starlette.applications import Starlette

from bot.migrate_database import migrate
from bot.sandbox.server import LocalServer
from bot.sandbox.slack_api import SlackApi
from bot.sandbox.slack_state import TEAM, Person, Workspace
from models import Database
from tests.builders import a_salesperson
from tests.signals import public_text

ROOT = Path(__file__).parent.parent
SECRET = "signing-secret"
SATO = Person("USATO", "佐藤", "sato@seller.example", "D1", "job.inside")


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The running bot's address and process, with Slack's stand-in behind it."""
    slack = LocalServer()
    api = SlackApi(Workspace(lambda: datetime.now(UTC), [SATO]), "xoxb-run")
    slack.start(Starlette(routes=api.routes()))
    database = Database(f"sqlite:///{tmp_path}/callfirst.db")
    migrate(database)
    with database.writing() as session:
        a_salesperson(session, list_time="23:59")
    database.dispose()
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", "from bot.cli import app; app()", "run"],
        env=environment(tmp_path, slack.url, port), cwd=tmp_path, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    wait_for(f"{address}/healthz")
    yield address, process
    process.kill()
    process.wait()
    slack.stop()


def environment(folder: Path, slack: str, port: int) -> dict[str, str]:
    return os.environ | {
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": f"sqlite:///{folder}/callfirst.db",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "PORT": str(port),
        "CALLFIRST_SECRET_KEY": "0123456789abcdef",
        "SLACK_BOT_TOKEN": "xoxb-run",
        "SLACK_SIGNING_SECRET": SECRET,
        "SLACK_API_URL": f"{slack}/slack/api/",
        "SENDGRID_API_KEY": "SG.run",
        "SENDGRID_API_URL": "http://127.0.0.1:9",
        "SENDGRID_WEBHOOK_PUBLIC_KEY": public_text(),
        "MAIL_FROM": "info@seller.example",
        "MAIL_FROM_NAME": "あおば商事",
        "MAIL_POSTAL_ADDRESS": "東京都千代田区1-1",
        "MAIL_CONTACT": "03-0000-0000",
        "HOLIDAY_COUNTRY": "",
    }


def test_it_serves_answers_slack_and_ends_cleanly(
    bot: tuple[str, subprocess.Popen[bytes]],
) -> None:
    address, process = bot

    ready = asked(f"{address}/readyz")
    typed = asked(f"{address}/slack/events", **signed("/callfirst", "help"))
    forged = asked(f"{address}/slack/events", **signed("/callfirst", "help", secret="other"))
    process.send_signal(signal.SIGTERM)

    assert ready[0] == 200
    assert typed[0] == 200
    assert "callfirst の使い方" in json.loads(typed[1])["text"]
    assert forged[0] == 401
    assert process.wait(timeout=20) in (0, -signal.SIGTERM)


def signed(command: str, words: str, secret: str = SECRET) -> dict[str, Any]:
    body = urlencode({"command": command, "text": words, "user_id": "USATO", "team_id": TEAM["id"]})
    stamp = str(int(time.time()))
    signature = SignatureVerifier(secret).generate_signature(timestamp=stamp, body=body)
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-slack-request-timestamp": stamp,
        "x-slack-signature": signature or "",
    }
    return {"data": body.encode(), "headers": headers}


def asked(url: str, **request: Any) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, **request), timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str) -> None:
    for _ in range(200):
        try:
            if asked(url)[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"nothing answers at {url}")
