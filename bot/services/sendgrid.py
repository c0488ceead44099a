"""SendGrid's v3 Mail Send through the sendgrid package, made bounded and exact.

The package alone has no time limit, builds a TLS context per call, follows redirects with the
key in the header, and cannot say whether a failure came before or after the request. Here every
failure is one of two: `DeliveryFailed` (certainly not taken) or `DeliveryUnsure`.
"""

import http.client
import ipaddress
import json
import logging
import ssl
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit

import python_http_client
from python_http_client.exceptions import HTTPError

from bot.errors import DeliveryFailed, DeliveryUnsure

TIMEOUT_SECONDS = 10
SHORTEST_WAIT, USUAL_WAIT, LONGEST_WAIT = (
    timedelta(seconds=1),
    timedelta(minutes=1),
    timedelta(hours=1),
)
LONGEST_WHY = 500  # letters of SendGrid's answer kept

for _name in ("python_http_client", "python_http_client.client"):
    logging.getLogger(_name).setLevel(logging.INFO)  # at DEBUG it prints the key and everyone


class NeverConnected(OSError):
    """The connection failed before the first byte of the request."""


class Mailer:
    """`send` hands one prepared request body to SendGrid and returns its X-Message-Id."""

    def __init__(self, api_key: str, api_url: str) -> None:
        self._key, self._url = api_key, api_url.rstrip("/")
        self._client: Any = None

    def send(self, body: dict[str, Any]) -> str:
        """Send a request body once. Raises DeliveryFailed when it was certainly not taken,
        DeliveryUnsure when nobody can tell; it never sends a second time by itself.
        """
        if urlsplit(self._url).scheme not in ("http", "https"):
            raise DeliveryFailed("SENDGRID_API_URL is not a web address", permanent=False)
        try:
            answer = self._post(body)
        except HTTPError as error:
            raise _refused(error) from error
        except URLError as error:
            if isinstance(error.reason, OSError) and not isinstance(error.reason, NeverConnected):
                raise DeliveryUnsure(f"cut while sending: {error.reason}") from error
            raise DeliveryFailed(f"not connected: {error.reason}", permanent=False) from error
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise DeliveryUnsure(f"no answer: {type(error).__name__} {error}") from error
        if answer.status_code != 202:
            raise DeliveryUnsure(f"http {answer.status_code} instead of 202")
        return str(answer.headers.get("X-Message-Id") or "")

    def _post(self, body: dict[str, Any]) -> Any:
        if self._client is None:
            self._client = _client(self._key, self._url)
        return self._client.mail.send.post(request_body=body, timeout=TIMEOUT_SECONDS)


def _client(api_key: str, api_url: str) -> Any:
    from sendgrid import SendGridAPIClient  # 0.2 s, so only who sends pays

    sendgrid = SendGridAPIClient(api_key, host=api_url)
    sendgrid.client = _BoundedClient(
        host=api_url,
        request_headers={**sendgrid.client.request_headers, "Content-Type": "application/json"},
        version=3,
        timeout=TIMEOUT_SECONDS,
    )
    return sendgrid.client


class _BoundedClient(python_http_client.Client):  # type: ignore[misc]
    """The package's client with our opener, which its own code builds anew for each call."""

    def _build_client(self, name: str | None = None) -> "_BoundedClient":
        return _BoundedClient(
            host=self.host,
            version=self._version,
            request_headers=self.request_headers,
            url_path=[*self._url_path, name] if name else self._url_path,
            timeout=self.timeout,
        )

    def _make_request(self, opener: Any, request: Any, timeout: float | None = None) -> Any:
        ours = _opener(is_loopback(self.host))
        return super()._make_request(ours, request, timeout)


@cache
def _opener(direct: bool) -> urllib.request.OpenerDirector:
    """One opener and one TLS context per process: a context costs 25 to 85 ms.

    Proxies come from the environment, except for this machine itself.
    """
    handlers: list[urllib.request.BaseHandler] = [_Plain(), _Secure(), _NoRedirect()]
    if direct:
        handlers.append(urllib.request.ProxyHandler({}))
    return urllib.request.build_opener(*handlers)


def is_loopback(url: str) -> bool:
    """Whether an address points at this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _PlainConnection(http.client.HTTPConnection):
    def connect(self) -> None:
        try:
            super().connect()
        except OSError as error:
            raise NeverConnected(str(error) or type(error).__name__) from error


class _SecureConnection(http.client.HTTPSConnection):
    def connect(self) -> None:
        try:
            super().connect()
        except OSError as error:  # name, route, refusal, proxy's refusal, handshake, certificate
            raise NeverConnected(str(error) or type(error).__name__) from error


class _Plain(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_PlainConnection, req)


class _Secure(urllib.request.HTTPSHandler):
    def __init__(self) -> None:
        self._tls = ssl.create_default_context()
        super().__init__(context=self._tls)

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_SecureConnection, req, context=self._tls)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """A redirect would carry the key to wherever it points; let it end as an error."""


def _refused(error: HTTPError) -> DeliveryFailed | DeliveryUnsure:
    status, why = int(error.status_code), _why(error.body)
    if status == 429:
        wait = _wait(error.headers)
        return DeliveryFailed(f"429 {why}", permanent=False, retry_after=wait, status=429)
    if status == 413 or (400 <= status < 500 and _is_sendgrids(error.body)):
        return DeliveryFailed(f"{status} {why}", permanent=True, status=status)
    return DeliveryUnsure(f"http {status}")


def _is_sendgrids(body: bytes) -> bool:
    """Whether an error's body is SendGrid's own, not that of a proxy or a captive portal."""
    return isinstance(_errors(body), list)


def _why(body: bytes) -> str:
    errors = _errors(body)
    if not isinstance(errors, list):
        return ""
    said = [
        f"{error.get('field') or ''}: {error.get('message')}".lstrip(": ")
        for error in errors
        if isinstance(error, dict)
    ]
    return "; ".join(said)[:LONGEST_WHY]


def _errors(body: bytes) -> object:
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return read.get("errors") if isinstance(read, dict) else None


def _wait(headers: Mapping[str, str]) -> timedelta:
    """How long a 429 asks us to wait. Moments are compared with the answer's own Date."""
    asked = _moment(headers.get("Retry-After"), headers) or _moment(
        headers.get("X-RateLimit-Reset"), headers
    )
    return min(max(asked or USUAL_WAIT, SHORTEST_WAIT), LONGEST_WAIT)


def _moment(value: str | None, headers: Mapping[str, str]) -> timedelta | None:
    if value is None:
        return None
    try:
        if not value.strip().isdecimal():
            return parsedate_to_datetime(value) - parsedate_to_datetime(headers["Date"])
        seconds = int(value)
        if seconds < 10**9:
            return timedelta(seconds=seconds)
        return datetime.fromtimestamp(seconds, UTC) - parsedate_to_datetime(headers["Date"])
    except (ValueError, TypeError, KeyError, OverflowError):
        return None
