"""The commands people, import and class, as a person at a shell meets them."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import SQLModel, select
from typer.testing import CliRunner, Result

from bot.cli import app
from models import Database, Lead, Suppression

ROWS = (
    "会社名,氏名,メールアドレス,最終取引日,名刺交換日\n"
    "青葉商事,山田,yamada@aoba.example,,2026/01/02\n"
    "みどり,佐藤,bad,,\n"
    "赤坂,鈴木,suzuki@akasaka.example,2020/01/01,\n"
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with an empty database and one file to import."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/callfirst.db")
    database = Database(f"sqlite:///{tmp_path}/callfirst.db")
    SQLModel.metadata.create_all(database.engine)
    database.dispose()
    (tmp_path / "customers.csv").write_bytes(ROWS.encode("cp932"))
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def printed(*arguments: str) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def add_person(email: str = "sato@seller.example", *more: str) -> Result:
    return run("people", "add", email, "--name", "佐藤", "--team", "inside", "--role", "rep", *more)


def test_people_are_added_and_listed(folder: Path) -> None:
    assert add_person("sato@seller.example", "--slack-id", "U012").exit_code == 0

    people = printed("people", "list")

    assert [(each["email"], each["slack_id"], each["capacity"]) for each in people] == [
        ("sato@seller.example", "U012", 50)
    ]
    assert "sato@seller" in run("people", "list").stdout


def test_an_import_prints_its_document_classes_and_deals(folder: Path) -> None:
    add_person()

    document = printed("import", "customers.csv")

    assert document["rejected"] == [
        {
            "line": 3,
            "column": "メールアドレス",
            "value": "bad",
            "reason": "メールアドレスとして読めません。",
        }
    ]
    assert (document["import_id"], document["new"], document["kind"]) == (1, 2, "leads")
    database = Database(f"sqlite:///{folder}/callfirst.db")
    with database.reading() as session:
        found = session.exec(
            select(Lead.name, Lead.customer_class, Lead.owner_id).order_by(Lead.id)
        ).all()
    database.dispose()
    assert found == [("山田", "E", 1), ("鈴木", "D", 1)]


def test_a_second_import_of_the_same_file_says_nothing_new(folder: Path) -> None:
    printed("import", "customers.csv")

    again = printed("import", "customers.csv")

    assert (again["new"], again["changed"], again["same"]) == (0, 0, 2)


def test_a_dry_run_leaves_the_database_empty(folder: Path) -> None:
    result = run("import", "customers.csv", "--dry-run")

    assert result.exit_code == 0
    assert "試行" in result.stdout
    assert printed("import", "customers.csv")["new"] == 2


def test_the_counts_and_reasons_are_shown_as_tables(folder: Path) -> None:
    result = run("import", "customers.csv")

    assert "新規" in result.stdout
    assert "メールアドレスとして読めません。" in result.stdout


def test_a_file_of_opt_outs_is_taken(folder: Path) -> None:
    (folder / "stop.csv").write_text("email\nyamada@aoba.example\n", "utf-8")

    document = printed("import", "stop.csv", "--as", "suppressions")

    assert (document["kind"], document["new"]) == ("suppressions", 1)
    database = Database(f"sqlite:///{folder}/callfirst.db")
    with database.reading() as session:
        assert session.get(Suppression, "yamada@aoba.example")
    database.dispose()


def test_a_file_of_companies_is_taken_and_classed(folder: Path) -> None:
    (folder / "accounts.csv").write_text("会社名,最終取引日\n青葉,2020/01/01\n", "utf-8")

    printed("import", "accounts.csv", "--as", "accounts")

    assert printed("class")["counts"]["D"] == 1


def test_class_prints_counts_accounts_and_mismatches(folder: Path) -> None:
    printed("import", "customers.csv")

    document = printed("class")

    assert document["counts"] == {"A": 0, "B": 0, "C1": 0, "C2": 0, "D": 1, "E": 1}
    assert [(each["name"], each["class"], each["before"]) for each in document["accounts"]] == [
        ("青葉商事", "E", "E"),
        ("赤坂", "D", "D"),
    ]
    assert document["mismatches"] == []
    assert run("class").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("import", "nothing.csv"), "nothing.csv"),
        (("import", "callfirst.db"), "UTF-8"),
        (("import", "customers.csv", "--as", "accounts", "--basis", "maybe"), "maybe"),
        (("import", "customers.csv", "--as", "people"), "people"),
        (("people", "add", "x", "--name", "x", "--team", "inside", "--role", "rep"), "x"),
    ],
)
def test_wrong_use_is_one_sentence_and_exit_2(
    folder: Path, arguments: tuple[str, ...], said: str
) -> None:
    result = run(*arguments)

    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.output
