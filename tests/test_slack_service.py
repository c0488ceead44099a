"""The Slack client over real HTTP: what is certain, what is not, and nothing sent twice."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import pytest

from bot.errors import DeliveryFailed, DeliveryUnsure
from bot.services.slack import Slack

OK = {"ok": True, "ts": "1.2", "channel": {"id": "D1"}, "user": {"id": "U1"}}


class FakeSlack:
    """A server that answers as told and keeps what reached it."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.answer: tuple[int, dict[str, str], bytes] | None = (200, {}, json.dumps(OK).encode())
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                is_json = "json" in self.headers["content-type"]
                read = json.loads(body) if is_json else dict(parse_qsl(body.decode()))
                outer.requests.append((self.path, read))
                if outer.answer is None:
                    self.close_connection = True
                    return
                status, headers, content = outer.answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def says(self, status: int = 200, headers: dict[str, str] | None = None, **body: Any) -> None:
        self.answer = (status, headers or {}, json.dumps(body).encode())


@pytest.fixture
def fake() -> Iterator[FakeSlack]:
    made = FakeSlack()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def slack(fake: FakeSlack) -> Slack:
    return Slack("xoxb-secret", fake.url + "api/")


def test_a_post_carries_its_text_its_key_and_no_previews(fake: FakeSlack, slack: Slack) -> None:
    ts = slack.post("D1", "こんにちは", [{"type": "divider"}], key="k1")

    [(path, body)] = fake.requests
    assert (ts, path) == ("1.2", "/api/chat.postMessage")
    assert body["text"] == "こんにちは"
    assert body["unfurl_links"] is False
    assert body["metadata"]["event_payload"] == {"id": "k1"}


def test_a_cut_answer_is_unsure_and_the_request_is_not_repeated(
    fake: FakeSlack, slack: Slack
) -> None:
    fake.answer = None

    with pytest.raises(DeliveryUnsure):
        slack.post("D1", "text", [])

    assert len(fake.requests) == 1


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_server_error_is_unsure(fake: FakeSlack, slack: Slack, status: int) -> None:
    fake.says(status, ok=False)

    with pytest.raises(DeliveryUnsure):
        slack.post("D1", "text", [])


def test_a_server_error_in_html_is_unsure(fake: FakeSlack, slack: Slack) -> None:
    fake.answer = (502, {"content-type": "text/html"}, b"<html>Bad gateway</html>")

    with pytest.raises(DeliveryUnsure):
        slack.post("D1", "text", [])


def test_fatal_error_is_unsure_although_it_comes_with_200(fake: FakeSlack, slack: Slack) -> None:
    fake.says(ok=False, error="fatal_error")

    with pytest.raises(DeliveryUnsure):
        slack.post("D1", "text", [])


def test_a_rate_limit_says_how_long_to_wait(fake: FakeSlack, slack: Slack) -> None:
    fake.says(429, {"Retry-After": "7"}, ok=False, error="ratelimited")

    with pytest.raises(DeliveryFailed) as refused:
        slack.post("D1", "text", [])

    assert refused.value.permanent is False
    assert refused.value.retry_after == timedelta(seconds=7)


@pytest.mark.parametrize("error", ["account_inactive", "channel_not_found", "invalid_blocks"])
def test_a_definite_no_is_permanent(fake: FakeSlack, slack: Slack, error: str) -> None:
    fake.says(ok=False, error=error)

    with pytest.raises(DeliveryFailed, match=error) as refused:
        slack.update("D1", "1.2", "text", [])

    assert refused.value.permanent is True


def test_nobody_listening_is_unsure_for_a_post(slack: Slack, fake: FakeSlack) -> None:
    fake.server.shutdown()
    fake.server.server_close()

    with pytest.raises(DeliveryUnsure):
        slack.post("D1", "text", [])


def test_a_posted_list_is_found_by_its_key(fake: FakeSlack, slack: Slack) -> None:
    mine = {"ts": "5.5", "metadata": {"event_payload": {"id": "k2"}}}
    fake.says(ok=True, messages=[{"ts": "4.4"}, mine])

    found = slack.find_posted("D1", "k2", datetime(2026, 11, 24, tzinfo=UTC))

    assert found == "5.5"
    assert fake.requests[0][1]["include_all_metadata"] == "1"
    assert slack.find_posted("D1", "k3", datetime(2026, 11, 24, tzinfo=UTC)) is None


def test_an_address_slack_does_not_know_is_nobody(fake: FakeSlack, slack: Slack) -> None:
    fake.says(ok=False, error="users_not_found")

    assert slack.find_user("nobody@seller.example") is None
