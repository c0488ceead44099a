"""The stand-in for SendGrid takes, refuses and reports mail as SendGrid does."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key
from starlette.applications import Starlette

from bot.sandbox.clock import SimulatedClock
from bot.sandbox.reader import links_of, shown_html, url_at
from bot.sandbox.sendgrid_api import Mail, SendGridApi
from bot.sandbox.sendgrid_hook import Hook
from bot.sandbox.server import LocalServer
from bot.sandbox.wire import Answer, request

KEY = "SG.test"
HTML = """<p>Dear [[name]], <a href="https://seller.example/a">a</a>
<a href='https://seller.example/b?x=1&amp;y=2'>b</a> <a name="top">no link</a>
<a href="https://bot.example/s/[[survey]]">survey</a>
<a href="https://bot.example/u/tok" clicktracking="off">stop</a></p>"""


class Standin:
    """A served Mail Send and a webhook whose posts are kept."""

    def __init__(self) -> None:
        self.clock = SimulatedClock(datetime(2026, 6, 1, tzinfo=UTC))
        self.api = SendGridApi(KEY, self.clock.now)
        self.posts: list[tuple[bytes, dict[str, str]]] = []
        self.status = 200
        self.hook = Hook(self.clock.now, self._post)
        self.server = LocalServer()
        self.server.start(Starlette(routes=self.api.routes()))

    def send(self, body: Any, key: str = KEY) -> Answer:
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        raw = json.dumps(body).encode()
        return request("POST", f"{self.server.url}/sendgrid/v3/mail/send", raw, headers)

    def _post(self, body: bytes, headers: dict[str, str]) -> Answer:
        self.posts.append((body, headers))
        return Answer(self.status, {}, b"")


@pytest.fixture
def standin() -> Iterator[Standin]:
    made = Standin()
    yield made
    made.server.stop()


def a_request(**fields: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "from": {"email": "info@seller.example", "name": "Seller"},
        "subject": "Hello [[name]]",
        "content": [
            {"type": "text/plain", "value": "Dear [[name]]"},
            {"type": "text/html", "value": HTML},
        ],
        "personalizations": [a_personalization("yamada")],
    }
    return given | fields


def a_personalization(name: str, **fields: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "to": [{"email": f"{name}@customer.example"}],
        "custom_args": {"cf_delivery": f"id-{name}"},
        "substitutions": {"[[name]]": name, "[[survey]]": f"tok-{name}"},
    }
    return given | fields


def the_mail(standin: Standin) -> Mail:
    assert standin.send(a_request()).status == 202
    [mail] = standin.api.mails
    return mail


def test_a_mail_is_kept_as_its_reader_sees_it(standin: Standin) -> None:
    answer = standin.send(
        a_request(personalizations=[a_personalization("yamada"), a_personalization("mori")])
    )

    assert answer.status == 202
    assert answer.headers["x-message-id"]
    assert [mail.subject for mail in standin.api.mails] == ["Hello yamada", "Hello mori"]
    assert standin.api.mails[1].content("text/plain") == "Dear mori"
    assert standin.api.by_address["mori@customer.example"] == [standin.api.mails[1]]


def test_a_wrong_key_is_refused(standin: Standin) -> None:
    answer = standin.send(a_request(), key="SG.other")

    assert answer.status == 401
    assert standin.api.mails == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"personalizations": []}, "personalizations"),
        ({"personalizations": [{"to": []}]}, "personalizations.0.to"),
        (
            {"personalizations": [a_personalization("a"), a_personalization("a")]},
            "personalizations.1.to",
        ),
        ({"personalizations": [a_personalization("a b")]}, "personalizations.0.to.0.email"),
        ({"personalizations": [a_personalization("a", custom_args={"n": 1})]}, None),
        (
            {"personalizations": [a_personalization("a", headers={"Subject": "x"})]},
            "personalizations.0.headers",
        ),
        ({"content": []}, "content"),
        ({"content": [{"type": "text/plain", "value": ""}]}, "content"),
        (
            {"content": [{"type": t, "value": "x"} for t in ("text/html", "text/plain")]},
            "content",
        ),
        ({"subject": ""}, "subject"),
        ({"from": {"email": "nobody"}}, "from.email"),
        ({"send_at": 1_900_000_000}, "send_at"),
        ({"tracking": {}}, "tracking"),
    ],
)
def test_one_fault_refuses_the_whole_request(
    standin: Standin, change: dict[str, Any], field: str | None
) -> None:
    answer = standin.send(a_request(**change))

    assert answer.status == 400
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert standin.api.mails == []


def test_links_are_known_by_place_and_whether_they_are_tracked(standin: Standin) -> None:
    links = links_of(the_mail(standin))

    assert links.tracked == [
        (0, "https://seller.example/a"),
        (1, "https://seller.example/b?x=1&y=2"),
        (2, "https://bot.example/s/tok-yamada"),
    ]
    assert links.content == links.tracked[:2]
    assert links.survey == (2, "https://bot.example/s/tok-yamada")


def test_a_one_click_address_needs_both_headers(standin: Standin) -> None:
    link = {"List-Unsubscribe": "<https://bot.example/u/tok>"}
    both = link | {"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}

    standin.send(a_request(personalizations=[a_personalization("a", headers=both)]))
    standin.send(a_request(personalizations=[a_personalization("b", headers=link)]))

    assert [links_of(mail).one_click for mail in standin.api.mails] == [
        "https://bot.example/u/tok",
        "",
    ]


def test_tracked_links_lead_through_sendgrid_and_others_do_not(standin: Standin) -> None:
    mail = the_mail(standin)

    html = shown_html(mail, "/click")

    assert 'href="/click/0/0"' in html
    assert 'href="/click/0/2"' in html
    assert 'href="https://bot.example/u/tok"' in html
    assert url_at(mail, 1) == "https://seller.example/b?x=1&y=2"
    assert url_at(mail, 9) is None


def test_events_wait_for_their_time_and_are_posted_signed(standin: Standin) -> None:
    mail = the_mail(standin)
    start = standin.clock.now()
    standin.hook.happen(start + timedelta(seconds=9), "open", mail, sg_machine_open=True)
    standin.hook.happen(start + timedelta(seconds=3), "delivered", mail)

    early = standin.hook.post_due()
    standin.clock.move_on(timedelta(minutes=1))
    told = standin.hook.post_due()

    assert (early, told) == (0, 2)
    [(body, headers)] = standin.posts
    assert body.endswith(b"]\r\n")
    assert body.count(b",\r\n") == 1
    first, second = json.loads(body)
    assert (first["event"], second["event"]) == ("delivered", "open")
    assert first["cf_delivery"] == "id-yamada"
    assert first["timestamp"] == int(start.timestamp()) + 3
    assert first["sg_message_id"].startswith(mail.message_id + ".")
    assert_signed(standin.hook, body, headers)


def test_a_refused_post_is_repeated_later_with_the_same_events(standin: Standin) -> None:
    mail = the_mail(standin)
    standin.hook.happen(standin.clock.now(), "delivered", mail)
    standin.status = 503

    standin.hook.post_due()
    standin.status = 200
    standin.clock.move_on(timedelta(minutes=2))
    standin.hook.post_due()

    first, second = (json.loads(body) for body, _ in standin.posts)
    assert first == second


def assert_signed(hook: Hook, body: bytes, headers: dict[str, str]) -> None:
    stamp = headers["X-Twilio-Email-Event-Webhook-Timestamp"]
    signature = base64.b64decode(headers["X-Twilio-Email-Event-Webhook-Signature"])
    key = load_der_public_key(base64.b64decode(hook.public_key))
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert stamp == str(int(hook.now().timestamp()))
    key.verify(signature, stamp.encode() + body, ec.ECDSA(hashes.SHA256()))
