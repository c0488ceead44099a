"""What SendGrid's Mail Send refuses: each fault as (field, message)."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

Body = dict[str, Any]
Fault = tuple[str | None, str]

ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+")
KNOWN = {
    "personalizations", "from", "reply_to", "reply_to_list", "subject", "content", "attachments",
    "template_id", "headers", "categories", "custom_args", "send_at", "batch_id", "asm",
    "ip_pool_name", "mail_settings", "tracking_settings", "sections",
}  # fmt: skip
RESERVED = {
    "x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "to", "from", "subject",
    "content-transfer-encoding", "reply-to", "cc", "bcc",
}  # fmt: skip
MAX_RECIPIENTS, MAX_ARGS = 1000, 10_000
ORDER = {"text/plain": 0, "text/html": 1}


def mail_faults(asked: Any, now: datetime) -> list[Fault]:
    """Every fault of a request body; one is enough for SendGrid to refuse all of it."""
    if not isinstance(asked, dict):
        return [(None, "Bad Request")]
    found = [(name, f"Unknown field: {name}") for name in sorted(set(asked) - KNOWN)]
    return [*found, *_whole(asked, now), *_content(asked), *_personalizations(asked)]


def _whole(asked: Body, now: datetime) -> Iterator[Fault]:
    sender = asked.get("from")
    if not isinstance(sender, dict) or not ADDRESS.fullmatch(str(sender.get("email", ""))):
        yield "from.email", "The from email does not contain a valid address."
    if asked.get("reply_to") and asked.get("reply_to_list"):
        yield "reply_to", "reply_to and reply_to_list cannot be used together."
    own = asked.get("personalizations") or []
    if not asked.get("subject") and not all(isinstance(p, dict) and p.get("subject") for p in own):
        yield "subject", "The subject is required."
    categories = asked.get("categories") or []
    if len(categories) > 10 or len(set(categories)) < len(categories):
        yield "categories", "At most ten different categories are allowed."
    yield from _strings(asked, "custom_args", "custom_args")
    yield from _headers(asked, "headers")
    send_at = asked.get("send_at")
    if send_at is not None and (
        not isinstance(send_at, int) or send_at > (now + timedelta(hours=72)).timestamp()
    ):
        yield "send_at", "Scheduling more than 72 hours in advance is forbidden."


def _content(asked: Body) -> Iterator[Fault]:
    parts = asked.get("content") or []
    if not parts and not asked.get("template_id"):
        yield (
            "content",
            "The content parameter is required without a template_id.",
        )
    if any(not isinstance(part, dict) or not part.get("value") for part in parts):
        yield "content", "The content value must be a string at least one character in length."
        return
    order = [ORDER.get(str(part.get("type")), 2) for part in parts]
    if order != sorted(order):
        yield "content", "text/plain must be first, followed by text/html, then the others."


def _personalizations(asked: Body) -> Iterator[Fault]:
    own = asked.get("personalizations")
    if not isinstance(own, list) or not 1 <= len(own) <= MAX_RECIPIENTS:
        yield "personalizations", "The personalizations field is required, 1 to 1000 of them."
        return
    seen: set[str] = set()
    for place, one in enumerate(own):
        where = f"personalizations.{place}"
        if not isinstance(one, dict) or not one.get("to"):
            yield f"{where}.to", "The to array is required for all personalization objects."
            continue
        for key in ("to", "cc", "bcc"):
            yield from _recipients(one.get(key) or [], f"{where}.{key}", seen)
        for key in ("custom_args", "substitutions"):
            yield from _strings(one, key, f"{where}.{key}")
        yield from _headers(one, f"{where}.headers")
    if len(seen) > MAX_RECIPIENTS:
        yield "personalizations", "More than 1000 recipients in one request."


def _recipients(people: Any, where: str, seen: set[str]) -> Iterator[Fault]:
    for place, person in enumerate(people if isinstance(people, list) else [None]):
        email = str(person.get("email", "")) if isinstance(person, dict) else ""
        if not ADDRESS.fullmatch(email) or len(email) > 320:
            yield f"{where}.{place}.email", "Does not contain a valid address."
        elif email.lower() in seen:
            yield where, "Each email address in the personalization block should be unique."
        seen.add(email.lower())


def _strings(holder: Body, key: str, where: str) -> Iterator[Fault]:
    values = holder.get(key) or {}
    if not isinstance(values, dict) or not all(isinstance(one, str) for one in values.values()):
        yield None, "Bad Request"
    elif sum(len(name.encode()) + len(one.encode()) for name, one in values.items()) > MAX_ARGS:
        yield where, "Must be smaller than 10000 bytes."


def _headers(holder: Body, where: str) -> Iterator[Fault]:
    for name, value in (holder.get("headers") or {}).items():
        if name.lower() in RESERVED:
            yield where, f"The header {name} is reserved."
        if not isinstance(value, str) or not name.isascii() or " " in name:
            yield where, "Header keys must be ASCII without spaces, values strings."
