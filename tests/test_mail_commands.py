"""`callfirst mail …` and `callfirst verify`, from draft to proof, as a person types them."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sqlmodel import SQLModel
from typer.testing import CliRunner

from bot.cli import app
from models import Database
from models.enums import Role
from tests.builders import a_salesperson
from tests.mail_world import SOURCE, Answer, Wire, accepted, addresses, many_leads, wire

Command = Callable[..., Result]
MORI = "mori@seller.example"
SETTINGS = {
    "PUBLIC_URL": "https://callfirst.example",
    "CALLFIRST_SECRET_KEY": "key",
    "MAIL_FROM": "info@aoba.example",
    "MAIL_FROM_NAME": "株式会社青葉",
    "MAIL_POSTAL_ADDRESS": "東京都千代田区",
    "MAIL_CONTACT": "03-0000-0000",
    "SENDGRID_API_KEY": "SG.key",
    "LANGUAGE_DEFAULT": "en",
}


@pytest.fixture
def server() -> Iterator[Wire]:
    with wire() as opened:
        yield opened


@pytest.fixture
def callfirst(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Wire) -> Iterator[Command]:
    """The command line in an empty folder with three leads and everything set."""
    monkeypatch.chdir(tmp_path)
    url = f"sqlite:///{tmp_path}/callfirst.db"
    for name, value in {**SETTINGS, "DATABASE_URL": url, "SENDGRID_API_URL": server.url}.items():
        monkeypatch.setenv(name, value)
    database = Database(url)
    SQLModel.metadata.create_all(database.engine)
    with database.writing() as session:
        many_leads(session, 3)
        a_salesperson(session, "Mori", role=Role.MARKETER, slack_id="UMORI")
        a_salesperson(session, "Suzuki")
    database.dispose()
    (tmp_path / "november.md").write_text(SOURCE, encoding="utf-8")
    yield lambda *words: CliRunner().invoke(app, [str(word) for word in words])


def document(result: Result, exit_code: int = 0) -> dict[str, Any]:
    assert result.exit_code == exit_code, result.output
    read: dict[str, Any] = json.loads(result.stdout)
    return read


def test_a_mail_goes_from_draft_to_proof(callfirst: Command, server: Wire) -> None:
    drafted = document(callfirst("mail", "new", "november.md", "--json"))
    assert (drafted["mail_id"], drafted["state"], drafted["findings"]) == (1, "draft", [])
    assert document(callfirst("mail", "check", 1, "--json"))["state"] == "draft"
    approved = document(callfirst("mail", "approve", 1, "--by", MORI, "--json"))
    assert approved["state"] == "approved"

    sent = document(callfirst("mail", "send", 1, "--json"))

    assert sent["state"] == "sent"
    assert sent["deliveries"] == {
        **dict.fromkeys(sent["deliveries"], 0),
        "accepted": 3,
    }
    assert sum(len(addresses(body)) for body in server.bodies) == 3
    assert document(callfirst("mail", "status", 1, "--json")) == sent
    assert document(callfirst("verify", "--json")) == {
        "ok": True,
        "doubled": [],
        "over_cap": [],
        "after_refusal": [],
        "without_state": [],
        "unsure": [],
    }


def test_every_step_says_in_words_what_it_did(callfirst: Command) -> None:
    assert "Info mail 1: draft" in callfirst("mail", "new", "november.md").output
    assert "approved" in callfirst("mail", "approve", "1", "--by", MORI).output
    assert "accepted: 3" in callfirst("mail", "send", "1").output
    assert "Nothing is wrong." in callfirst("verify").output


def test_a_preview_is_what_a_reader_sees(callfirst: Command, tmp_path: Path) -> None:
    callfirst("mail", "new", "november.md")

    written = document(callfirst("mail", "preview", 1, "--out", "mail.html", "--json"))

    assert written["subject"] == "見本 太郎様へ：電気代を下げた3社の工夫"
    assert "株式会社見本" in (tmp_path / "mail.html").read_text(encoding="utf-8")
    assert "株式会社見本" in (tmp_path / "mail.txt").read_text(encoding="utf-8")


def test_a_test_mail_goes_to_one_address_and_leaves_no_trace(
    callfirst: Command, server: Wire
) -> None:
    callfirst("mail", "new", "november.md")

    document(callfirst("mail", "test", 1, "--to", "me@aoba.example", "--json"))

    assert addresses(server.bodies[0]) == ["me@aoba.example"]
    assert "custom_args" not in server.bodies[0]["personalizations"][0]
    assert sum(document(callfirst("mail", "status", 1, "--json"))["deliveries"].values()) == 0


def test_a_test_mail_that_is_refused_ends_with_1(callfirst: Command, server: Wire) -> None:
    server.answer = lambda body: Answer(401, body=b'{"errors":[{"message":"no key"}]}')
    callfirst("mail", "new", "november.md")

    result = callfirst("mail", "test", 1, "--to", "me@aoba.example")

    assert result.exit_code == 1
    assert "no key" in result.output


def test_no_test_mail_goes_to_an_address_that_refused(
    callfirst: Command, server: Wire, tmp_path: Path
) -> None:
    callfirst("mail", "new", "november.md")
    with closing(sqlite3.connect(tmp_path / "callfirst.db")) as connection, connection:
        connection.execute(
            "INSERT INTO suppression (address_key, reason, source, since) VALUES"
            " ('no@customer.example', 'unsubscribed', 'test', '2026-11-01 00:00:00.000000')"
        )

    result = callfirst("mail", "test", 1, "--to", "No@Customer.example")

    assert (result.exit_code, server.bodies) == (2, [])
    assert "No@Customer.example must not be mailed" in result.output


def test_findings_forbid_approval(callfirst: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIL_CONTACT", "")
    callfirst("mail", "new", "november.md")

    checked = document(callfirst("mail", "check", 1, "--json"), exit_code=1)
    refused = callfirst("mail", "approve", 1, "--by", MORI)

    assert [found["key"] for found in checked["findings"]] == ["mail.finding.contact"]
    assert refused.exit_code == 2
    assert "MAIL_CONTACT" in refused.output
    assert document(callfirst("mail", "status", 1, "--json"))["state"] == "draft"


def test_a_stopped_mail_says_so_and_goes_on_when_told(callfirst: Command, server: Wire) -> None:
    callfirst("mail", "new", "november.md")
    callfirst("mail", "approve", 1, "--by", MORI)
    server.answer = lambda body: Answer(403, body=b'{"errors":[{"message":"sender"}]}')

    stopped = document(callfirst("mail", "send", 1, "--json"), exit_code=1)
    server.answer = accepted
    sent = document(callfirst("mail", "send", 1, "--json"))

    assert (stopped["state"], stopped["stop_reason"]) == ("stopped", "mail.stop.key 403 sender")
    assert (sent["state"], sent["deliveries"]["accepted"]) == ("sent", 3)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("mail", "status", "7"), "There is no info mail 7."),
        (("mail", "new", "nowhere.md"), "cannot be read"),
        (("mail", "new", "latin.md"), "is not UTF-8"),
        (("mail", "new", "empty.md"), "valid YAML"),
        (("mail", "test", "1", "--to", "nobody"), "is not a mail address"),
        (("mail", "send", "1"), "Approve it first"),
    ],
)
def test_mistakes_get_one_sentence_and_exit_2(
    callfirst: Command, tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    (tmp_path / "latin.md").write_bytes("---\nsubject: é".encode("latin-1"))
    (tmp_path / "empty.md").write_text("")
    callfirst("mail", "new", "november.md")

    result = callfirst(*words)

    assert result.exit_code == 2
    assert sentence in result.output
    assert "Traceback" not in result.output


def test_verify_ends_with_1_when_a_promise_is_broken(callfirst: Command, tmp_path: Path) -> None:
    callfirst("mail", "new", "november.md")
    callfirst("mail", "approve", 1, "--by", MORI)
    callfirst("mail", "send", 1)
    with closing(sqlite3.connect(tmp_path / "callfirst.db")) as connection:
        connection.execute("UPDATE delivery SET claimed_at = NULL WHERE id = 2")
        connection.commit()

    result = callfirst("verify", "--json")

    assert [row["delivery"] for row in document(result, exit_code=1)["without_state"]] == [2]


@pytest.mark.parametrize("who", ["suzuki@seller.example", "nobody@seller.example"])
def test_only_a_marketer_or_an_admin_approves(callfirst: Command, who: str) -> None:
    callfirst("mail", "new", "november.md")

    refused = callfirst("mail", "approve", 1, "--by", who)

    assert refused.exit_code == 2
    assert document(callfirst("mail", "status", 1, "--json"))["state"] == "draft"
