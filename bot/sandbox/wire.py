"""HTTP between the stand-ins and the bot, on this machine only."""

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON, or None when it is empty or something else."""
        try:
            return json.loads(self.body) if self.body else None
        except ValueError:
            return None


def request(
    method: str, url: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> Answer:
    """One request, straight to the address (no proxy, no redirect followed)."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(
        parts.hostname or "127.0.0.1", parts.port, timeout=TIMEOUT_SECONDS
    )
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, path or "/", body or None, headers or {})
        answer = connection.getresponse()
        read = answer.read()
    finally:
        connection.close()
    return Answer(answer.status, {key.lower(): value for key, value in answer.getheaders()}, read)
