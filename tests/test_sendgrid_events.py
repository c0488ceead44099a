"""Only what SendGrid signed is read, and a bad event is only itself bad."""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import BadSignature, UserMistake
from bot.services.sendgrid_events import PostedEvent, load_keys, parse, verify
from models.enums import EventKind
from tests.builders import T0
from tests.signals import KEY, posted, public_text, signed

REFERENCE = Path(__file__).parent.parent.parent / "shared" / "reference" / "sendgrid"
needs_reference = pytest.mark.skipif(
    not REFERENCE.is_dir(), reason="SendGrid's own samples are not beside this checkout"
)
BODY = posted({"event": "open", "timestamp": 1_795_000_000, "email": "a@b.example"})
KEYS = load_keys([public_text()])
STAMP_HEADER = "X-Twilio-Email-Event-Webhook-Timestamp"
SIGNATURE_HEADER = "X-Twilio-Email-Event-Webhook-Signature"
GOOD = {"event": "delivered", "timestamp": 1_795_000_000, "email": "a@b.example"}


def test_what_sendgrid_signed_is_accepted_with_any_of_the_keys() -> None:
    rotated = load_keys([public_text(ec.generate_private_key(ec.SECP256R1())), public_text()])

    verify(signed(BODY, T0), BODY, rotated, T0)


@pytest.mark.parametrize("hours", [-25, 0, 25])
def test_a_repeated_post_is_accepted_for_a_day(hours: int) -> None:
    verify(signed(BODY, T0), BODY, KEYS, T0 + timedelta(hours=hours))


@pytest.mark.parametrize("hours", [-27, 27])
def test_an_older_or_later_post_is_refused(hours: int) -> None:
    with pytest.raises(BadSignature):
        verify(signed(BODY, T0), BODY, KEYS, T0 + timedelta(hours=hours))


@pytest.mark.parametrize(
    "changes",
    [
        {SIGNATURE_HEADER: ""},
        {SIGNATURE_HEADER: "no base64!"},
        {SIGNATURE_HEADER: "é"},
        {SIGNATURE_HEADER: "AAAA="},
        {SIGNATURE_HEADER: b64encode(b"junk").decode()},
        {STAMP_HEADER: ""},
        {STAMP_HEADER: "abc"},
        {STAMP_HEADER: "1795000000.5"},
        {STAMP_HEADER: "-179500000"},
        {STAMP_HEADER: "１７９５０００００0"},
        {STAMP_HEADER: "9" * 5000},
    ],
)
def test_a_broken_signature_or_time_is_refused_and_never_raises_else(
    changes: dict[str, str],
) -> None:
    with pytest.raises(BadSignature):
        verify(signed(BODY, T0) | changes, BODY, KEYS, T0)


def test_no_headers_no_keys_or_another_key_is_refused() -> None:
    stranger = ec.generate_private_key(ec.SECP256R1())

    for headers, keys in (
        ({}, KEYS),
        (signed(BODY, T0), ()),
        (signed(BODY, T0, stranger), KEYS),
    ):
        with pytest.raises(BadSignature):
            verify(headers, BODY, keys, T0)


@pytest.mark.parametrize("altered", [BODY[:-2], BODY + b" ", BODY.replace(b"open", b"Open")])
def test_altered_bytes_are_refused(altered: bytes) -> None:
    with pytest.raises(BadSignature):
        verify(signed(BODY, T0), altered, KEYS, T0)


def test_a_digit_moved_from_the_time_into_the_body_is_refused() -> None:
    headers = signed(BODY, T0)
    stamp = headers[STAMP_HEADER]

    with pytest.raises(BadSignature):
        verify(headers | {STAMP_HEADER: stamp[:-1]}, stamp[-1:].encode() + BODY, KEYS, T0)


def test_every_flipped_bit_of_a_signature_is_refused() -> None:
    headers = signed(BODY, T0)
    text = headers[SIGNATURE_HEADER]

    for place in range(len(text)):
        other = "A" if text[place] != "A" else "B"
        changed = text[:place] + other + text[place + 1 :]
        with pytest.raises(BadSignature):
            verify(headers | {SIGNATURE_HEADER: changed}, BODY, KEYS, T0)


def test_a_key_that_is_no_p256_key_stops_the_start() -> None:
    other_curve = public_text(ec.generate_private_key(ec.SECP384R1()))
    rsa_key = rsa.generate_private_key(65537, 2048).public_key()
    rsa_text = b64encode(
        rsa_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).decode()

    for text, key in (
        ("not a key", "webhook.key_unreadable"),
        (b64encode(b"junk").decode(), "webhook.key_unreadable"),
        (other_curve, "webhook.key_wrong_kind"),
        (rsa_text, "webhook.key_wrong_kind"),
    ):
        with pytest.raises(UserMistake) as mistake:
            load_keys([public_text(KEY), text])
        assert (mistake.value.key, mistake.value.values) == (key, {"number": 2})


def test_an_event_is_read_with_all_it_says() -> None:
    [event], [] = parse(
        posted(
            {
                "event": "click",
                "timestamp": 1_795_000_000,
                "email": "Taro@B.example",
                "cf_delivery": "d1",
                "sg_event_id": "e1",
                "sg_message_id": " mid.recvd-1.0",
                "url": "https://x.example/price",
                "ip": "192.0.2.1",
                "useragent": "Browser",
            }
        )
    )

    assert (event.at, event.kind) == (datetime.fromtimestamp(1_795_000_000, UTC), EventKind.CLICK)
    assert (event.our_id, event.event_id, event.message_id) == ("d1", "e1", "mid")
    assert event.address_key == "taro@b.example"
    assert (event.url, event.ip, event.user_agent) == (
        "https://x.example/price",
        "192.0.2.1",
        "Browser",
    )


BAD_ITEMS = [
    "7",
    '"text"',
    "null",
    "[]",
    "{}",
    '{"event":"open"}',
    '{"timestamp":1795000000}',
    '{"event":"open","timestamp":"soon"}',
    '{"event":"open","timestamp":true}',
    '{"event":"open","timestamp":NaN}',
    '{"event":"open","timestamp":1e999}',
    '{"event":"open","timestamp":1795000000,"x":-Infinity}',
    '{"event":"open","timestamp":' + "9" * 5000 + "}",
    '{"event":"open","timestamp":99999999999999999}',
    '{"event":"open","timestamp":1795000000,"email":"a\\u0000b"}',
    '{"event":"open","timestamp":1795000000,"email":"\\ud800"}',
    '{"event":"open","timestamp":1795000000,"x":' + "[" * 1000 + "]" * 1000 + "}",
    '{"event":"open","timestamp":1795000000,"x":}',
    '{"event":{"a":1},"timestamp":1795000000}',
]


@pytest.mark.parametrize("bad", BAD_ITEMS, ids=lambda bad: bad[:40])
def test_a_bad_event_is_set_aside_alone(bad: str) -> None:
    good = json.dumps(GOOD)

    events, unreadable = parse(f"[{good},\r\n{bad},\r\n{good}]\r\n".encode())

    assert [event.kind for event in events] == [EventKind.DELIVERED] * 2
    assert len(unreadable) == 1
    assert unreadable[0].reason


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b'"x"',
        b"{}",
        b"[",
        b"\xff[]",
        b'[{"a":1]',
        b"[1",
        b"[]]",
        b"[] x",
        b"[" * 9999,
    ],
)
def test_a_body_that_is_no_array_is_set_aside_whole(body: bytes) -> None:
    events, unreadable = parse(body)

    assert events == []
    assert [found.body for found in unreadable] == [body]


def test_an_empty_array_says_nothing() -> None:
    assert parse(b"[]\r\n") == ([], [])


def test_text_like_an_escaped_nul_is_no_nul() -> None:
    [event], unreadable = parse(posted(GOOD | {"reason": "literal \\u0000 text"}))

    assert (event.detail, unreadable) == ("literal \\u0000 text", [])


def test_the_last_of_doubled_keys_counts_and_odd_types_count_as_missing() -> None:
    body = b'[{"event":"open","event":"click","timestamp":"1795000000","email":7,"url":["x"]}]'

    [event], [] = parse(body)

    assert (event.kind, event.address_key, event.url) == (EventKind.CLICK, "", "")


def test_an_unknown_type_is_kept() -> None:
    [event], [] = parse(posted(GOOD | {"event": "teleported"}))

    assert event.kind is EventKind.OTHER


def test_without_an_id_the_same_event_gets_the_same_id_whatever_its_order() -> None:
    [first], _ = parse(posted(GOOD))
    [second], _ = parse(posted(dict(reversed(GOOD.items()))))

    assert first.event_id == second.event_id


def test_the_natural_key_survives_a_changed_id() -> None:
    [first], _ = parse(posted(GOOD | {"sg_event_id": "one"}))
    [second], _ = parse(posted(GOOD | {"sg_event_id": "two"}))

    assert first.natural_key == second.natural_key
    assert first.event_id != second.event_id


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=200) | st.text(max_size=200).map(lambda text: b"[" + text.encode() + b"]")
)
def test_parse_never_raises(body: bytes) -> None:
    events, unreadable = parse(body)

    assert isinstance(events, list)
    assert isinstance(unreadable, list)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
FIELDS = ["event", "timestamp", "email", "url", "sg_event_id", "cf_delivery", "url_offset", "type"]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), JSON_VALUES, max_size=8), max_size=4))
def test_each_item_is_either_read_or_set_aside(items: list[dict[str, Any]]) -> None:
    events, unreadable = parse(json.dumps(items).encode())

    assert len(events) + len(unreadable) == len(items)


def samples() -> dict[str, list[PostedEvent]]:
    read = {}
    for path in sorted(REFERENCE.glob("events/*/*.json")):
        events, unreadable = parse(path.read_bytes())
        assert unreadable == [], path.name
        read[path.stem] = events
    return read


@needs_reference
def test_every_sample_is_read_as_its_notes_say() -> None:
    read = samples()

    assert read["custom_args_reserved_keys"][0].kind is EventKind.PROCESSED
    assert read["custom_args_reserved_keys"][0].at == datetime.fromtimestamp(123456789, UTC)
    assert read["singlesend_open_millisecond_timestamp"][0].at.year == 2020
    assert read["deferred"][0].message_id == "14c5d75ce93"
    assert read["account_status_change"][0].kind is EventKind.OTHER
    assert read["account_status_change"][0].detail == "compliance_suspend"
    assert read["bounce"][0].kind is EventKind.BOUNCE
    assert read["blocked"][0].kind is EventKind.BLOCKED
    assert read["processed_then_blocked_2021"][1].kind is EventKind.BLOCKED
    assert read["async_bounce_no_ids_no_custom_args_2019"][0].message_id == ""
    assert {event.kind for events in read.values() for event in events} >= {
        kind for kind in EventKind if kind is not EventKind.OTHER
    }


@needs_reference
def test_the_published_signatures_are_judged_as_published() -> None:
    vectors = json.loads((REFERENCE / "signatures" / "vectors.json").read_text())

    for vector in vectors:
        headers = {SIGNATURE_HEADER: vector["signature"], STAMP_HEADER: vector["timestamp"]}
        now = datetime.fromtimestamp(int(vector["timestamp"]), UTC)
        keys = load_keys([vector["public_key"]])
        try:
            verify(headers, vector["payload"].encode(), keys, now)
            found = True
        except BadSignature:
            found = False
        assert found is vector["valid"], vector["name"]
