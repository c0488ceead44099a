"""POST /sendgrid/events over real HTTP, with real signatures."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import SQLModel, select
from starlette.testclient import TestClient

from bot.errors import UserMistake
from bot.parts import Parts
from bot.record_mail_events import record_mail_events
from handlers.sendgrid_webhook import receive_post
from models import Database, DatabaseBusy, Delivery, MailEvent, Quarantine
from models.enums import DeliveryState
from tests.builders import T0
from tests.signals import (
    PERSON,
    a_delivery,
    a_web,
    an_event,
    contents,
    posted,
    signed,
)

URL = "/sendgrid/events"
NOW = T0 + timedelta(hours=2)


@dataclass
class Web:
    client: TestClient
    parts: Parts
    database: Database
    delivery: Delivery

    def post(self, body: bytes, now: datetime = NOW, **headers: str) -> int:
        answer = self.client.post(URL, content=body, headers=signed(body, now) | headers)
        return int(answer.status_code)


@pytest.fixture
def web(any_database: Database) -> Iterator[Web]:
    yield from served(any_database)


@pytest.fixture
def sqlite_web(database: Database) -> Iterator[Web]:
    yield from served(database)


def served(database: Database) -> Iterator[Web]:
    parts, app = a_web(database, lambda: NOW)
    with database.writing() as session:
        delivery = a_delivery(session)
        session.refresh(delivery)
        session.expunge(delivery)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield Web(client, parts, database, delivery)


def some_events(delivery: Delivery) -> bytes:
    kinds = ("processed", "delivered", "open", "click")
    return posted(
        *[
            an_event(delivery, kind, T0 + timedelta(minutes=place), useragent=PERSON, url="u")
            for place, kind in enumerate(kinds)
        ]
    )


def test_a_signed_post_is_stored_before_it_is_answered(web: Web) -> None:
    assert web.post(some_events(web.delivery)) == 200

    with web.database.reading() as session:
        assert session.get_one(Delivery, web.delivery.id).state is DeliveryState.CONFIRMED
        assert len(session.exec(select(MailEvent)).all()) == 4


def test_the_same_post_five_times_changes_nothing_after_the_first(web: Web) -> None:
    body = some_events(web.delivery)[:-3] + b',{"event":"open"},7]\r\n'
    web.post(body)
    first = contents(web.database)

    answers = [web.post(body) for _ in range(4)]

    assert answers == [200] * 4
    assert contents(web.database) == first


def test_without_http_the_same_function_answers_the_same(sqlite_web: Web) -> None:
    body = some_events(sqlite_web.delivery)

    assert receive_post(sqlite_web.parts, signed(body, NOW), body) == 200
    assert receive_post(sqlite_web.parts, {}, body) == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Twilio-Email-Event-Webhook-Signature": ""},
        {"X-Twilio-Email-Event-Webhook-Signature": "not base64"},
        {"X-Twilio-Email-Event-Webhook-Signature": "QUJD"},
        {"X-Twilio-Email-Event-Webhook-Timestamp": ""},
        {"X-Twilio-Email-Event-Webhook-Timestamp": "soon"},
        {"X-Twilio-Email-Event-Webhook-Timestamp": "1" * 5000},
    ],
)
def test_a_forged_post_gets_401_and_changes_nothing(web: Web, headers: dict[str, str]) -> None:
    before = contents(web.database)

    assert web.post(some_events(web.delivery), **headers) == 401
    assert contents(web.database) == before


def test_an_altered_reserialised_foreign_or_old_post_gets_401(sqlite_web: Web) -> None:
    web, body = sqlite_web, some_events(sqlite_web.delivery)
    before = contents(web.database)
    stranger = signed(body, NOW, ec.generate_private_key(ec.SECP256R1()))
    again = json.dumps(json.loads(body)).encode()

    answers = {
        web.client.post(URL, content=sent, headers=headers).status_code
        for sent, headers in (
            (body.replace(b"open", b"Open"), signed(body, NOW)),
            (body[:-2], signed(body, NOW)),
            (again, signed(body, NOW)),
            (body, stranger),
            (body, signed(body, NOW - timedelta(hours=27))),
            (body, {"Content-Type": "application/json"}),
        )
    }

    assert answers == {401}
    assert contents(web.database) == before


def test_every_refusal_reads_the_same(sqlite_web: Web) -> None:
    body = some_events(sqlite_web.delivery)
    good = signed(body, NOW)

    texts = {
        sqlite_web.client.post(URL, content=body, headers=headers).content
        for headers in (
            {"Content-Type": "application/json"},
            good | {"X-Twilio-Email-Event-Webhook-Timestamp": "1"},
            signed(body, NOW - timedelta(days=3)),
        )
    }

    assert texts == {b"Unauthorized"}


def test_only_posts_of_json_of_a_sane_size_get_in(sqlite_web: Web) -> None:
    client = sqlite_web.client
    big = b"[" + b" " * (2 * 1024 * 1024) + b"]"

    assert client.get(URL).status_code == 405
    assert client.put(URL, content=b"[]").status_code == 405
    assert client.post(URL, content=b"[]", headers={"Content-Type": "text/xml"}).status_code == 415
    assert client.post(URL, content=b"[]").status_code == 415
    assert sqlite_web.post(big) == 413
    assert sqlite_web.post(big[:1000], **{"Content-Length": "3000000000"}) == 413


def test_a_body_without_an_announced_length_is_cut_off_at_the_cap(sqlite_web: Web) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 100 * 2**20:
            sent += 2**16
            yield b"[" * 2**16

    headers = {"Content-Type": "application/json"}
    answer = sqlite_web.client.post(URL, content=endless(), headers=headers)

    assert answer.status_code == 413


@pytest.mark.parametrize(
    "body",
    [b"{}", b'"text"', b"null", b"", b"\xff\xfe", b"[1,2", b"[" * 200_000, b"[1e999,NaN]"],
    ids=lambda body: repr(body[:10]),
)
def test_a_signed_body_that_cannot_be_read_is_set_aside_and_answered(web: Web, body: bytes) -> None:
    assert web.post(body) == 200

    with web.database.reading() as session:
        assert len(session.exec(select(Quarantine)).all()) in (1, 2)
        assert session.exec(select(MailEvent)).all() == []


def test_exactly_the_bad_events_are_set_aside(web: Web) -> None:
    good = json.dumps(an_event(web.delivery, "delivered", T0))
    bad = [
        '{"event":"open","timestamp":%s}' % ("9" * 5000),
        '{"event":"\\u0000"}',
        "[" * 999 + "]" * 999,
    ]

    assert web.post(f"[{bad[0]},{good},{bad[1]},{bad[2]}]".encode()) == 200

    with web.database.reading() as session:
        assert {row.body.decode() for row in session.exec(select(Quarantine))} == set(bad)
        assert len(session.exec(select(MailEvent)).all()) == 1


def test_a_hundred_thousand_empty_events_are_taken(sqlite_web: Web) -> None:
    assert sqlite_web.post(b"[" + b",".join([b"{}"] * 100_000) + b"]") == 200

    with sqlite_web.database.reading() as session:
        assert len(session.exec(select(Quarantine)).all()) == 1


def test_a_busy_database_asks_for_the_post_again(
    sqlite_web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handlers.sendgrid_webhook.WAIT_SECONDS", 0.05)
    body = some_events(sqlite_web.delivery)

    with sqlite_web.database.writing():
        busy = sqlite_web.post(body)
    free = sqlite_web.post(body)

    assert (busy, free) == (503, 200)


def test_a_post_that_fails_half_way_leaves_nothing_and_is_asked_for_again(
    sqlite_web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = [
        an_event(sqlite_web.delivery, "open", T0 + timedelta(seconds=second), useragent=PERSON)
        for second in range(600)
    ]

    def failing(*args: Any, **fields: Any) -> Any:
        record_mail_events(*args, **fields)
        raise DatabaseBusy("the commit did not come")

    monkeypatch.setattr("handlers.sendgrid_webhook.record_mail_events", failing)
    first, stored = sqlite_web.post(posted(*events)), counted(sqlite_web.database)
    monkeypatch.setattr("handlers.sendgrid_webhook.record_mail_events", record_mail_events)
    again = sqlite_web.post(posted(*events))

    assert (first, again) == (503, 200)
    assert stored == [0, 0]
    assert counted(sqlite_web.database) == [600, 0]


def test_a_database_without_tables_asks_for_the_post_again(sqlite_web: Web) -> None:
    body = some_events(sqlite_web.delivery)
    SQLModel.metadata.tables["mailevent"].drop(sqlite_web.database.engine)

    assert sqlite_web.post(body) == 503


def test_a_key_that_is_none_stops_the_start(database: Database) -> None:
    with pytest.raises(UserMistake):
        a_web(database, sendgrid_webhook_public_key=["nonsense"])


def test_without_a_key_every_post_is_refused(database: Database) -> None:
    parts, _ = a_web(database, lambda: NOW, sendgrid_webhook_public_key=[])
    body = posted()

    assert receive_post(parts, signed(body, NOW), body) == 401


PIECES = st.sampled_from(
    [b"[", b"]", b"{", b"}", b",", b'"', b"\\", b"\x00", b"\xff", b"\\ud800", b"\\u0000", b"1e999"]
    + [b'"event":"open"', b'"timestamp":1795478400', b'"timestamp":-1', b"9" * 400, b"NaN", b":"]
)


@settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(PIECES, max_size=30).map(b"".join) | st.binary(max_size=300),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_no_body_makes_the_server_fail(
    sqlite_web: Web, body: bytes, is_signed: bool, chance: random.Random
) -> None:
    body = b"[" + body if chance.random() < 0.5 else body
    before = None if is_signed else counted(sqlite_web.database)

    status = sqlite_web.post(body) if is_signed else sqlite_web.post(body, now=T0 - timedelta(9))

    assert status == (200 if is_signed else 401)
    assert is_signed or counted(sqlite_web.database) == before


def counted(database: Database) -> list[int]:
    with database.reading() as session:
        return [
            session.connection().execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in (
                SQLModel.metadata.tables["mailevent"],
                SQLModel.metadata.tables["quarantine"],
            )
        ]
