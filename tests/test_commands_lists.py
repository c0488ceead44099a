"""`callfirst list`, `outcome`, `why` and `run` as typed in a shell."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import SQLModel
from typer.testing import CliRunner, Result

from bot.cli import app
from models import Database
from tests.builders import a_lead, a_salesperson


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A shell in an empty folder with a database of three leads of Sato's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/callfirst.db")
    monkeypatch.setenv("PUBLIC_URL", "https://bot.example")
    database = Database(f"sqlite:///{tmp_path}/callfirst.db")
    SQLModel.metadata.create_all(database.engine)
    with database.writing() as session:
        sato = a_salesperson(session)
        a_salesperson(session, "Suzuki")
        for number in range(3):
            a_lead(session, f"顧客{number}", owner=sato, email=f"lead{number}@customer.example")
    database.dispose()
    return lambda *words: CliRunner().invoke(app, list(words))


def document(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_list_prints_the_four_sections_as_one_document(shell: Any) -> None:
    found = document(
        shell("list", "--rep", "sato@seller.example", "--date", "2026-11-24", "--json")
    )

    assert [section["name"] for section in found["sections"]] == [
        "promised", "first", "address", "spare",
    ]  # fmt: skip
    spare = found["sections"][3]["entries"]
    assert [entry["place"] for entry in spare] == [1, 2, 3]
    assert spare[0]["reasons"][0]["text"] == "まだ情報メールを送っていません"


def test_the_same_data_and_date_give_the_same_list_byte_for_byte(shell: Any) -> None:
    words = ("list", "--rep", "USATO", "--date", "2026-11-24", "--json")

    assert shell(*words).stdout == shell(*words).stdout


def test_an_outcome_is_logged_and_taken_back_without_slack(shell: Any) -> None:
    logged = document(
        shell("outcome", "lead0@customer.example", "no_answer", "--by", "USATO", "--json")
    )
    listed = document(shell("list", "--rep", "USATO", "--json"))
    undone = document(shell("outcome", str(logged["lead_id"]), "--undo", "--by", "USATO", "--json"))

    assert logged["current"] is True
    ids = [e["lead_id"] for section in listed["sections"] for e in section["entries"]]
    assert logged["lead_id"] not in ids
    assert undone["current"] is False


def test_why_says_what_keeps_a_lead_off_and_whether_it_may_be_mailed(shell: Any) -> None:
    shell("outcome", "1", "not_now", "--by", "USATO")

    found = document(shell("why", "1", "--date", "2030-01-01", "--json"))
    resting = document(shell("why", "1", "--json"))

    assert found["kept_off"] == []
    assert resting["listed"] is False
    assert resting["kept_off"][0]["key"] in ("kept_off.called", "kept_off.not_now")
    assert resting["mail"] == {"may": True, "because": ["名刺交換済み"], "again_on": None}


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("list", "--rep", "nobody@seller.example"), "nobody@seller.example"),
        (("list", "--rep", "USATO", "--date", "2026-02-30"), "'2026-02-30' is not a date"),
        (("outcome", "1", "sold", "--by", "USATO"), "'sold' is no outcome"),
        (("outcome", "999", "no_answer", "--by", "USATO"), "999"),
        (("outcome", "1", "no_answer", "--by", "USUZUKI"), "Satoさん"),
        (("outcome", "1", "callback", "--by", "USATO"), "これから先の日時"),
        (("outcome", "1", "callback", "--by", "USATO", "--callback", "soon"), "'soon'"),
        (("outcome", "1", "--undo", "--by", "USATO"), "no logged call"),
        (("why", "nobody@customer.example"), "nobody@customer.example"),
    ],
)
def test_bad_input_gets_one_sentence_and_exit_2(
    shell: Any, words: tuple[str, ...], complaint: str
) -> None:
    result = shell(*words)

    assert result.exit_code == 2
    assert complaint in result.stderr
    assert result.stdout == ""


def test_run_names_every_missing_setting_at_once(shell: Any) -> None:
    result = shell("run")

    assert result.exit_code == 2
    for name in ("CALLFIRST_SECRET_KEY", "SLACK_BOT_TOKEN", "SENDGRID_API_KEY", "MAIL_CONTACT"):
        assert name in result.stderr
    assert "PUBLIC_URL" not in result.stderr


def test_a_setting_that_cannot_be_read_is_named(
    shell: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIST_CAPACITY", "many")

    result = shell("list", "--rep", "USATO")

    assert result.exit_code == 2
    assert "LIST_CAPACITY" in result.stderr


def test_a_database_without_tables_says_what_to_run(
    shell: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/empty.db")

    result = shell("list", "--rep", "USATO")

    assert result.exit_code == 2
    assert "callfirst migrate" in result.stderr


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("foo", "DATABASE_URL is no address of a database"),
        ("mysql://x/y", "not installed"),
        ("sqlite:////no/such/folder/x.db", "unable to open database file"),
    ],
)
def test_an_address_of_no_database_gets_one_sentence(
    shell: Any, monkeypatch: pytest.MonkeyPatch, url: str, complaint: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)

    result = shell("list", "--rep", "USATO")

    assert result.exit_code == 2
    assert complaint in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_file_that_is_no_database_is_named_so(shell: Any, tmp_path: Path) -> None:
    (tmp_path / "callfirst.db").write_bytes(b"no database at all" * 100)

    result = shell("list", "--rep", "USATO")

    assert result.exit_code == 2
    assert "file is not a database" in result.stderr


@pytest.mark.parametrize(
    "words", [("list",), ("nonsense",), ("mail", "approve", "x"), ("list", "--rop", "x")]
)
def test_wrong_use_gets_one_sentence(shell: Any, words: tuple[str, ...]) -> None:
    result = shell(*words)

    assert result.exit_code == 2
    assert result.stderr.startswith("callfirst: ")
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
