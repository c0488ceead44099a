"""Salespeople are added once, brought up to date, and checked."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session
from typer.testing import CliRunner

from bot.cli import app
from bot.errors import UserMistake
from bot.manage_people import add_person, list_people
from models import Salesperson
from models.enums import Language, Role, Team
from tests.builders import T0, a_salesperson


def added(session: Session, **given: Any) -> Salesperson:
    values: dict[str, Any] = {
        "email": "sato@seller.example",
        "name": "佐藤 健",
        "team": Team.INSIDE,
        "role": Role.REP,
        "slack_id": "U012ABC",
        "language": Language.JA,
        "timezone": "Asia/Tokyo",
        "capacity": 50,
        "list_time": "08:30",
        "now": T0,
    }
    return add_person(session, **values | given)


def test_a_new_person_is_kept_with_all_they_said(session: Session) -> None:
    person = added(session, email="Sato@Seller.Example", list_time="09:15")

    assert (person.email, person.name, person.slack_id) == (
        "sato@seller.example",
        "佐藤 健",
        "U012ABC",
    )
    assert (person.list_time, person.active, person.created_at) == ("09:15", True, T0)


def test_a_known_address_is_brought_up_to_date_and_keeps_its_slack_id(session: Session) -> None:
    first = added(session)

    second = added(session, name="佐藤 健一", team=Team.FIELD, slack_id=None)

    assert second.id == first.id
    assert (second.name, second.team, second.slack_id) == ("佐藤 健一", Team.FIELD, "U012ABC")
    assert len(list_people(session)) == 1


def test_someone_who_left_comes_back(session: Session) -> None:
    a_salesperson(session, "Sato", active=False)

    assert added(session, slack_id=None).active


def test_a_new_slack_id_forgets_the_old_conversation(session: Session) -> None:
    a_salesperson(session, "Sato", dm_channel="D1")

    assert added(session, slack_id="U999").dm_channel is None


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"email": "sato"}, "people.bad_email"),
        ({"email": ""}, "people.bad_email"),
        ({"name": "　"}, "people.no_name"),
        ({"slack_id": "佐藤"}, "people.bad_slack_id"),
        ({"timezone": "Tokyo"}, "people.bad_timezone"),
        ({"timezone": "../etc/passwd"}, "people.bad_timezone"),
        ({"list_time": "25:00"}, "people.bad_time"),
        ({"list_time": "soon"}, "people.bad_time"),
        ({"capacity": 0}, "people.bad_capacity"),
        ({"capacity": 201}, "people.bad_capacity"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    session: Session, given: dict[str, Any], key: str
) -> None:
    with pytest.raises(UserMistake) as caught:
        added(session, **given)

    assert caught.value.key == key
    assert list_people(session) == []


def test_a_slack_id_belongs_to_one_person(session: Session) -> None:
    a_salesperson(session, "Suzuki", slack_id="U012ABC")

    with pytest.raises(UserMistake) as caught:
        added(session)

    assert (caught.value.key, caught.value.values["name"]) == ("people.slack_id_taken", "Suzuki")


def test_whom_the_settings_name_is_an_admin(session: Session) -> None:
    sato = added(session, admins=["Sato@Seller.example"], slack_id=None)
    suzuki = added(session, email="suzuki@seller.example", slack_id="U22", admins=["U22"])
    tanaka = added(session, email="tanaka@seller.example", slack_id="U33", admins=["U22"])

    assert [p.role for p in (sato, suzuki, tanaka)] == [Role.ADMIN, Role.ADMIN, Role.REP]


def test_adding_again_in_the_shell_keeps_what_is_not_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    who = "sato@seller.example"
    words = ["people", "add", who, "--name", "Sato", "--team", "inside"]
    CliRunner().invoke(app, ["migrate"])
    CliRunner().invoke(app, [*words, "--role", "rep", "--capacity", "20", "--language", "en"])

    CliRunner().invoke(app, [*words, "--role", "marketer"])

    [found] = json.loads(CliRunner().invoke(app, ["people", "list", "--json"]).stdout)
    assert (found["role"], found["capacity"], found["language"]) == ("marketer", 20, "en")
