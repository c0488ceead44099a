"""`callfirst migrate`: create or upgrade the database."""

import typer

from bot.commands.base import JsonOption, configured, open_database, print_json, stdout
from bot.texts import text


def register(app: typer.Typer) -> None:
    app.command(name="migrate")(migrate_command)


def migrate_command(as_json: bool = JsonOption) -> None:
    """Create the database, or upgrade it to what this version needs."""
    from bot.migrate_database import migrate

    config = configured()
    with open_database(config) as database:
        done = migrate(database)
    if as_json:
        print_json(done.as_json())
        return
    key = "migrate.current" if done.before == done.after else "migrate.done"
    stdout.print(text(key, config.language_default, version=done.after), markup=False)
    if done.backup:
        stdout.print(
            text("migrate.backup", config.language_default, file=done.backup), markup=False
        )
