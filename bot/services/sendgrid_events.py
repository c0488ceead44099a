"""SendGrid's Event Webhook: is a post SendGrid's, and what does it say?

The bytes are verified as they came, because any parsing and writing again breaks the signature.
The sendgrid package's own check raises on missing or badly padded signatures and looks at no
time, so cryptography does it here.
"""

import binascii
import hashlib
import json
import re
from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from bot.errors import BadSignature, UserMistake
from bot.services.json_items import encode, item_bytes, read_items
from models.enums import EventKind

PublicKey = ec.EllipticCurvePublicKey

SIGNATURE_HEADER = "x-twilio-email-event-webhook-signature"
TIMESTAMP_HEADER = "x-twilio-email-event-webhook-timestamp"
OUR_ID = "cf_delivery"  # the custom argument each delivery carries

REPLAY_WINDOW = timedelta(hours=26)  # SendGrid repeats posts for 24 h, perhaps signed only once
TEN_DIGITS = re.compile(r"[0-9]{10}")  # no separator follows it: another length is another body
MILLISECONDS_FROM = 100_000_000_000  # Single Sends count milliseconds; seconds get here in 5138

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

MAX_URL, MAX_TEXT, MAX_WORD = 2000, 500, 320  # characters kept; longer ones are cut

KINDS = {kind.value: kind for kind in EventKind if kind is not EventKind.BLOCKED}


@dataclass(frozen=True, slots=True)
class PostedEvent:
    """One thing SendGrid says happened. `our_id` and `message_id` may be empty.

    `natural_key` stands for everything that matters in it except SendGrid's id, because ids were
    seen to change when a post was repeated.
    """

    at: datetime
    event_id: str
    natural_key: str
    kind: EventKind
    our_id: str
    message_id: str
    address_key: str
    url: str
    ip: str
    user_agent: str
    machine_flag: bool
    detail: str
    raw: str


@dataclass(frozen=True)
class Unreadable:
    """A signed event, or a whole post, that could not be read: its bytes and the reason."""

    reason: str
    body: bytes


def load_keys(texts: Sequence[str]) -> tuple[PublicKey, ...]:
    """The webhook's public keys (base64 DER as SendGrid shows them). Raises UserMistake."""
    return tuple(_load_key(number, text) for number, text in enumerate(texts, start=1))


def _load_key(number: int, text: str) -> PublicKey:
    try:
        key = load_der_public_key(b64decode(text, validate=True))
    except ValueError as error:
        raise UserMistake("webhook.key_unreadable", number=number) from error
    if not isinstance(key, PublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise UserMistake("webhook.key_wrong_kind", number=number)
    return key


def verify(
    headers: Mapping[str, str], body: bytes, keys: Sequence[PublicKey], now: datetime
) -> None:
    """Return if one of the keys signed exactly this body within the window; else BadSignature."""
    found = {name.lower(): value for name, value in headers.items()}
    stamp = found.get(TIMESTAMP_HEADER, "")
    if not TEN_DIGITS.fullmatch(stamp):
        raise BadSignature("no timestamp of ten digits")
    if abs(now - datetime.fromtimestamp(int(stamp), UTC)) > REPLAY_WINDOW:
        raise BadSignature("outside the replay window")
    try:
        signature = b64decode(found.get(SIGNATURE_HEADER, ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadSignature("the signature is not base64") from error
    signed = stamp.encode("ascii") + body
    if not any(_signed_by(key, signature, signed) for key in keys):
        raise BadSignature("no key of ours signed this")


def _signed_by(key: PublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def parse(body: bytes) -> tuple[list[PostedEvent], list[Unreadable]]:
    """What the post says, and what of it could not be read. Never raises."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return [], [Unreadable("not UTF-8", body)]
    if not text.lstrip(" \t\r\n").startswith("["):
        return [], [Unreadable("not a JSON array", body)]
    try:
        return _sorted_out(read_items(text))
    except ValueError:
        return [], [Unreadable("the JSON is broken", body)]


def _sorted_out(
    items: Iterable[tuple[Any, bytes | None]],
) -> tuple[list[PostedEvent], list[Unreadable]]:
    events: list[PostedEvent] = []
    unreadable: list[Unreadable] = []
    for item, source in items:
        try:
            events.append(_to_event(item))
        except (ValueError, OverflowError, RecursionError) as error:
            body = source if source is not None else item_bytes(item)
            unreadable.append(Unreadable(str(error)[:MAX_TEXT], body))
    return events, unreadable


def _to_event(item: Any) -> PostedEvent:
    """One readable event. Raises ValueError (or what JSON raises) with the reason."""
    if not isinstance(item, dict):
        raise ValueError("not a JSON object")
    raw = encode(item)
    raw.encode("utf-8")  # a lone surrogate raises
    if "\\u0000" in raw and _holds_nul(item):
        raise ValueError("holds NUL")
    word = item.get("event")
    if not isinstance(word, str) or not word.strip():
        raise ValueError("no event type")
    at = _time(item.get("timestamp"))
    return _described(item, at, _kind(word.strip().lower(), item), raw)


def _described(item: dict[str, Any], at: datetime, kind: EventKind, raw: str) -> PostedEvent:
    message_id = _text(item, "sg_message_id").split(".")[0]
    our_id = _text(item, OUR_ID)
    address_key = _text(item, "email").lower()
    url = _text(item, "url", MAX_URL)
    ip = _text(item, "ip", 64)
    user_agent = _text(item, "useragent", MAX_TEXT)
    machine_flag = item.get("sg_machine_open") is True
    detail = _detail(item)
    whose = f"{our_id} {message_id} {address_key}"  # a delivery taken twice has two message ids
    word = item["event"].strip().lower()
    told = (at.timestamp(), whose, word, kind.value, url, _place(item))
    return PostedEvent(
        at=at,
        event_id=_text(item, "sg_event_id") or _digest(json.dumps(item, sort_keys=True)),
        natural_key=_digest(repr((*told, ip, user_agent, machine_flag, detail))),
        kind=kind,
        our_id=our_id,
        message_id=message_id,
        address_key=address_key,
        url=url,
        ip=ip,
        user_agent=user_agent,
        machine_flag=machine_flag,
        detail=detail,
        raw=raw,
    )


def _place(item: Mapping[str, Any]) -> str:
    """The clicked link's number in the mail, if SendGrid tells it."""
    offset = item.get("url_offset")
    return str(offset.get("index", "")) if isinstance(offset, dict) else ""


def _kind(word: str, item: Mapping[str, Any]) -> EventKind:
    """Only a bounce that says `type: bounce` is about the address; the others pass."""
    kind = KINDS.get(word, EventKind.OTHER)
    if kind is EventKind.BOUNCE and _text(item, "type").lower() != "bounce":
        return EventKind.BLOCKED
    return kind


def _detail(item: Mapping[str, Any]) -> str:
    """What SendGrid gives as the reason, in its own words."""
    return (
        _text(item, "reason", MAX_TEXT) or _text(item, "response", MAX_TEXT) or _text(item, "type")
    )


def _time(stamp: Any) -> datetime:
    """Seconds or milliseconds, as a number or its digits. Raises ValueError or OverflowError."""
    if isinstance(stamp, str):
        stamp = int(stamp) if re.fullmatch(r"-?[0-9]{1,15}", stamp.strip()) else None
    if isinstance(stamp, bool) or not isinstance(stamp, int | float):
        raise ValueError("no timestamp")
    seconds = stamp / 1000 if abs(stamp) >= MILLISECONDS_FROM else stamp
    return EPOCH + timedelta(seconds=int(seconds // 1))


def _text(item: Mapping[str, Any], name: str, limit: int = MAX_WORD) -> str:
    """A field as text without space around it; any other type counts as missing."""
    value = item.get(name)
    return value.strip()[:limit] if isinstance(value, str) else ""


def _holds_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_holds_nul(part) for pair in value.items() for part in pair)
    return isinstance(value, list) and any(_holds_nul(part) for part in value)


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode("utf-8")).hexdigest()
