"""Every answer of SendGrid's is one of three: taken, certainly not taken, perhaps taken."""

import datetime as dt
import ipaddress
import logging
import socket
import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.errors import DeliveryFailed, DeliveryUnsure
from bot.services import sendgrid
from bot.services.sendgrid import Mailer
from tests.mail_world import Answer, wire

BODY = {"subject": "件名"}
SENDGRIDS = b'{"errors":[{"message":"Bad email","field":"personalizations.0.to","help":null}]}'


@pytest.fixture(autouse=True)
def fresh_opener(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No proxy of the machine, and an opener that is built inside the test."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    sendgrid._opener.cache_clear()
    yield
    sendgrid._opener.cache_clear()


def sent(answer: Answer) -> Any:
    """What `send` returns or raises for an answer, having asked exactly once."""
    with wire(lambda body: answer) as server:
        try:
            return Mailer("SG.key", server.url).send(BODY)
        except (DeliveryFailed, DeliveryUnsure) as error:
            return error
        finally:
            assert len(server.requests) == 1


def test_202_gives_the_message_id() -> None:
    with wire() as server:
        message_id = Mailer("SG.key", server.url + "/").send(BODY)

    assert message_id == "abc.def"
    method, path, headers = server.requests[0]
    assert (method, path) == ("POST", "/v3/mail/send")
    assert headers["Authorization"] == "Bearer SG.key"
    assert headers["Content-Type"] == "application/json"
    assert server.bodies == [BODY]


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "Tue, 24 Nov 2026 00:00:30 GMT"}, 30),
        (
            {
                "X-RateLimit-Reset": str(
                    int(dt.datetime(2026, 11, 24, 0, 2, tzinfo=dt.UTC).timestamp())
                )
            },
            120,
        ),
        ({"Retry-After": "999999"}, 3600),
        ({"Retry-After": "soon"}, 60),
        ({}, 60),
    ],
)
def test_429_says_when_to_come_back(
    headers: dict[str, str], wait: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "tests.mail_world._Handler.date_time_string", lambda self: "Tue, 24 Nov 2026 00:00:00 GMT"
    )

    error = sent(Answer(429, headers, SENDGRIDS))

    assert isinstance(error, DeliveryFailed)
    assert (error.permanent, error.status) == (False, 429)
    assert error.retry_after == timedelta(seconds=wait)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 413, 415, 422])
def test_a_refusal_in_sendgrids_words_is_final(status: int) -> None:
    error = sent(Answer(status, body=SENDGRIDS))

    assert isinstance(error, DeliveryFailed)
    assert (error.permanent, error.status) == (True, status)
    assert str(error) == f"{status} personalizations.0.to: Bad email"


def test_too_large_comes_from_the_proxy_before_sendgrid_and_is_final_all_the_same() -> None:
    error = sent(Answer(413, body=b"<html>Request Entity Too Large</html>"))

    assert isinstance(error, DeliveryFailed) and error.permanent


@pytest.mark.parametrize(
    "answer",
    [
        Answer(403, body=b"<html>the company's web filter</html>"),
        Answer(400, body=b'{"errors": "none"}'),
        Answer(400, body=b"[" * 100_000),
        Answer(408),
        Answer(500, body=SENDGRIDS),
        Answer(502, body=b"<html>bad gateway</html>"),
        Answer(503),
        Answer(504),
        Answer(200),
        Answer(204),
        Answer(302, {"Location": "http://127.0.0.1:9/"}),
        Answer(307, {"Location": "/elsewhere"}),
        Answer(raw=b""),
        Answer(raw=b"garbage\r\n\r\n"),
        Answer(raw=b"HTTP/1.1 202 Accepted\r\nContent-Length: 10\r\n\r\nabc"),
    ],
    ids=lambda answer: f"{answer.status} {answer.body[:20]!r} {answer.raw!r}",
)
def test_everything_else_may_have_been_taken_and_is_never_asked_twice(answer: Answer) -> None:
    assert isinstance(sent(answer), DeliveryUnsure)


def test_no_answer_in_time_may_have_been_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sendgrid, "TIMEOUT_SECONDS", 0.2)

    assert isinstance(sent(Answer(wait=5)), DeliveryUnsure)


def test_a_refused_connection_was_certainly_not_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"

        with pytest.raises(DeliveryFailed) as caught:
            Mailer("SG.key", url).send(BODY)

    assert (caught.value.permanent, caught.value.status) == (False, None)


def test_an_unknown_host_was_certainly_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    with pytest.raises(DeliveryFailed) as caught:
        Mailer("SG.key", "https://api.sendgrid.example").send(BODY)

    assert caught.value.permanent is False


@pytest.mark.parametrize("url", ["", "api.sendgrid.com", "ftp://api.sendgrid.com"])
def test_an_address_that_is_none_was_certainly_not_asked(url: str) -> None:
    with pytest.raises(DeliveryFailed):
        Mailer("SG.key", url).send(BODY)


def test_a_failed_handshake_was_certainly_not_taken() -> None:
    with wire() as server, pytest.raises(DeliveryFailed) as caught:
        Mailer("SG.key", server.url.replace("http:", "https:")).send(BODY)

    assert caught.value.permanent is False
    assert server.requests == []


def test_an_untrusted_certificate_gets_no_request(tmp_path: Path) -> None:
    tls, _ = a_certificate(tmp_path)

    with wire(tls=tls) as server, pytest.raises(DeliveryFailed) as caught:
        Mailer("SG.key", server.url).send(BODY)

    assert "CERTIFICATE_VERIFY_FAILED" in str(caught.value)
    assert server.requests == []


def test_ssl_cert_file_is_trusted_and_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls, file = a_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    made: list[ssl.SSLContext] = []
    original = ssl.create_default_context

    def counted(*args: Any, **kwargs: Any) -> ssl.SSLContext:
        made.append(original(*args, **kwargs))
        return made[-1]

    monkeypatch.setattr(ssl, "create_default_context", counted)

    with wire(tls=tls) as server:
        mailer = Mailer("SG.key", server.url)
        ids = [mailer.send(BODY) for _ in range(3)]

    assert ids == ["abc.def"] * 3
    assert len(made) == 1


def test_https_proxy_is_used_and_its_refusal_is_certain(monkeypatch: pytest.MonkeyPatch) -> None:
    with wire(lambda body: Answer(403)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)

        with pytest.raises(DeliveryFailed) as caught:
            Mailer("SG.key", "https://api.sendgrid.com").send(BODY)

    assert caught.value.permanent is False
    assert [request[:2] for request in proxy.requests] == [("CONNECT", "api.sendgrid.com:443")]


def test_a_stand_in_on_this_machine_is_reached_without_the_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    with wire() as server:
        assert Mailer("SG.key", server.url).send(BODY) == "abc.def"


def test_neither_key_nor_reader_reaches_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    with wire() as server:
        Mailer("SG.secret-canary", server.url).send({"to": "reader@customer.example"})

    assert "canary" not in caplog.text
    assert "reader@" not in caplog.text


def a_certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file, key_file = folder / "certificate.pem", folder / "key.pem"
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(file, key_file)
    return tls, file
