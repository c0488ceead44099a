"""The stand-in's event webhook: signed batches, in SendGrid's own shape, on the simulated clock."""

import base64
import hashlib
import heapq
import itertools
import json
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bot.sandbox.sendgrid_api import Mail
from bot.sandbox.wire import Answer

Event = dict[str, Any]
Send = Callable[[bytes, dict[str, str]], Answer]
BATCH = 1000  # about what fits into SendGrid's 768 KB
RETRY = timedelta(minutes=1)


class Hook:
    """Events wait here until their time has come; `post_due` signs and posts them."""

    def __init__(self, now: Callable[[], datetime], send: Send) -> None:
        self.now, self.send = now, send
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._waiting: list[tuple[datetime, int, Event]] = []
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self.posts: list[tuple[int, int]] = []  # (status, events) of every post

    @property
    def public_key(self) -> str:
        """The verification key as SendGrid shows it: base64 DER without PEM lines."""
        der = self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return base64.b64encode(der).decode()

    def happen(self, at: datetime, kind: str, mail: Mail, **more: Any) -> None:
        """Something happens to a mail at a moment; SendGrid will tell of it from then on."""
        number = next(self._numbers)
        event: Event = {
            "email": mail.to,
            "timestamp": int(at.timestamp()),
            "smtp-id": f"<{mail.message_id}@ismtpd-demo>",
            "event": kind,
            "sg_event_id": base64.urlsafe_b64encode(
                hashlib.sha256(f"event {number}".encode()).digest()[:16]
            )
            .decode()
            .rstrip("="),
            "sg_message_id": mail.sg_message_id,
            **more,
            **mail.custom_args,
        }
        with self._lock:
            heapq.heappush(self._waiting, (at, number, event))

    def next_at(self) -> datetime | None:
        """When the next event happens, if any waits."""
        with self._lock:
            return self._waiting[0][0] if self._waiting else None

    def post_due(self) -> int:
        """Post what has happened by now, at most 1,000 events a batch. Returns how many."""
        told = 0
        while batch := self._take_due():
            answer = self.send(*self.signed([event for _, _, event in batch]))
            self.posts.append((answer.status, len(batch)))
            if answer.status // 100 != 2:
                self._put_back(batch)
                break
            told += len(batch)
        return told

    def signed(self, events: list[Event]) -> tuple[bytes, dict[str, str]]:
        """Body and headers of a post, byte for byte as SendGrid builds them."""
        lines = (json.dumps(event, ensure_ascii=False, separators=(",", ":")) for event in events)
        body = b"[" + ",\r\n".join(lines).encode() + b"]\r\n"
        stamp = str(int(self.now().timestamp()))
        signature = self._key.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))
        return body, {
            "Content-Type": "application/json;charset=utf-8",
            "User-Agent": "SendGrid Event API",
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
            "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
        }

    def _take_due(self) -> list[tuple[datetime, int, Event]]:
        now = self.now()
        batch: list[tuple[datetime, int, Event]] = []
        with self._lock:
            while self._waiting and self._waiting[0][0] <= now and len(batch) < BATCH:
                batch.append(heapq.heappop(self._waiting))
        return batch

    def _put_back(self, batch: list[tuple[datetime, int, Event]]) -> None:
        later = self.now() + RETRY
        with self._lock:
            for _, number, event in batch:
                heapq.heappush(self._waiting, (later, number, event))
