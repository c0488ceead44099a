"""`callfirst people add`, `callfirst people list`: the salespeople, without Slack too."""

from typing import Any

import typer
from rich.markup import escape
from rich.table import Table

from bot.commands.base import JsonOption, configured, open_database, print_json, stdout
from bot.texts import text
from models.enums import Language, Role, Team

SHOWN = ("name", "email", "slack_id", "team", "role", "list_time")


def register(app: typer.Typer) -> None:
    people = typer.Typer(help="The salespeople.", no_args_is_help=True)
    people.command(name="add")(add)
    people.command(name="list")(show)
    app.add_typer(people, name="people")


def add(
    email: str = typer.Argument(help="Their e-mail address; a known one is brought up to date."),
    name: str = typer.Option(..., "--name"),
    team: Team = typer.Option(..., "--team"),
    role: Role = typer.Option(..., "--role"),
    slack_id: str | None = typer.Option(None, "--slack-id", help="Slack member id, U…"),
    language: Language | None = typer.Option(None, "--language"),
    timezone: str | None = typer.Option(None, "--timezone", help="IANA name, e.g. Asia/Tokyo"),
    capacity: int | None = typer.Option(None, "--capacity", min=1, max=200, help="Calls a day."),
    list_time: str | None = typer.Option(None, "--list-time", help="Local time of the list, HH:MM"),
) -> None:
    """Add a salesperson, or bring a known one up to date; what is not said stays as it is."""
    from bot.clock import now
    from bot.manage_people import add_person, known_person

    config = configured()
    with open_database(config) as database, database.writing() as session:
        before = known_person(session, email)
        person = add_person(
            session,
            email=email,
            name=name,
            team=team,
            role=role,
            slack_id=slack_id,
            language=language or (before.language if before else config.language_default),
            timezone=timezone or (before.timezone if before else config.tz_default),
            capacity=capacity or (before.capacity if before else config.list_capacity),
            list_time=list_time or (before.list_time if before else config.list_time),
            now=now(),
            admins=config.callfirst_admins,
        )
    stdout.print(
        text("people.saved", config.language_default, name=person.name, email=person.email),
        markup=False,
        highlight=False,
    )


def show(as_json: bool = JsonOption) -> None:
    """List the salespeople."""
    from bot.manage_people import list_people

    config = configured()
    with open_database(config) as database, database.reading() as session:
        people = [_as_json(person) for person in list_people(session)]
    if as_json:
        print_json(people)
        return
    if not people:
        stdout.print(text("people.none", config.language_default))
        return
    table = Table(*SHOWN)
    for person in people:
        table.add_row(*(escape(str(person[name] or "")) for name in SHOWN))
    stdout.print(table)


def _as_json(person: Any) -> dict[str, Any]:
    return {
        "id": person.id,
        "name": person.name,
        "email": person.email,
        "slack_id": person.slack_id,
        "team": person.team.value,
        "role": person.role.value,
        "language": person.language.value,
        "timezone": person.timezone,
        "list_time": person.list_time,
        "capacity": person.capacity,
        "active": person.active,
    }
