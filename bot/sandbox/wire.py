"""HTTP between the stand-ins and the bot, on this machine only."""

import http.client
import json
import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 30
KEPT_SECONDS = 2.0  # the servers close a silent connection after five

_kept = threading.local()


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
    connection = _connection(str(parts.hostname), parts.port or 80)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, path or "/", body or None, headers or {})
        answer = connection.getresponse()
        read = answer.read()
    except BaseException:
        _forget(str(parts.hostname), parts.port or 80)
        raise
    return Answer(answer.status, {key.lower(): value for key, value in answer.getheaders()}, read)


def close() -> None:
    """Close the connections this thread has kept."""
    for host, port in list(_open()):
        _forget(host, port)


def _connection(host: str, port: int) -> http.client.HTTPConnection:
    """This thread's connection to a server, new when the old one has been silent for long."""
    kept = _open().get((host, port))
    if kept and time.monotonic() - kept[1] < KEPT_SECONDS:
        _open()[host, port] = (kept[0], time.monotonic())
        return kept[0]
    if kept:
        kept[0].close()
    made = http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    _open()[host, port] = (made, time.monotonic())
    return made


def _forget(host: str, port: int) -> None:
    kept = _open().pop((host, port), None)
    if kept:
        kept[0].close()


def _open() -> dict[tuple[str, int], tuple[http.client.HTTPConnection, float]]:
    if not hasattr(_kept, "open"):
        _kept.open = {}
    found: dict[tuple[str, int], tuple[http.client.HTTPConnection, float]] = _kept.open
    return found
