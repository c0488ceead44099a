"""What every command shares: settings, database, parts, printing and ending."""

import json
import logging
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, NoReturn

import typer
from rich.console import Console

from bot.clock import now
from bot.config import Config
from bot.errors import UserMistake
from bot.parts import Parts
from bot.texts import text
from models import Database

log = logging.getLogger(__name__)
stdout = Console()
stderr = Console(stderr=True, soft_wrap=True)

JsonOption = typer.Option(False, "--json", help="Print one JSON document and nothing else.")


def print_json(document: Any) -> None:
    """One JSON document on stdout, nothing else."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")


def refuse(sentence: str) -> NoReturn:
    """Wrong use or bad input: one sentence on stderr, exit 2."""
    stderr.print(f"callfirst: {sentence}", markup=False, highlight=False)
    raise typer.Exit(2)


def configured() -> Config:
    """The settings from the environment; ends with one sentence when one cannot be read."""
    from pydantic import ValidationError

    try:
        return Config()
    except ValidationError as error:
        faults = "; ".join(
            f"{str(fault['loc'][0]).upper()}: {fault['msg']}" for fault in error.errors()
        )
        refuse(f"settings cannot be read: {faults}")


@contextmanager
def open_database(config: Config) -> Iterator[Database]:
    """The database; its errors and people's mistakes become one sentence and exit 2."""
    import sqlalchemy as sa

    database = _database(config.database_url)
    try:
        yield database
    except UserMistake as mistake:
        refuse(text(mistake.key, config.language_default, **mistake.values))
    except sa.exc.DBAPIError as error:
        refuse(f"the database cannot be used ({error.orig}); has `callfirst migrate` been run?")
    finally:
        database.dispose()


def _database(url: str) -> Database:
    import sqlalchemy as sa

    scheme = url.partition(":")[0]
    try:
        return Database(url)
    except ModuleNotFoundError as error:
        extra = " (`uv sync --extra postgres` installs it)" if scheme.startswith("postgres") else ""
        refuse(f"DATABASE_URL {scheme}:… needs {error.name}, which is not installed{extra}")
    except (sa.exc.ArgumentError, ValueError):
        refuse("DATABASE_URL is no address of a database; write sqlite:///FILE or postgresql://…")


def build_parts(config: Config, database: Database) -> Parts:
    """The real parts: Slack and SendGrid at the configured addresses, the real clock."""
    from bot.services.sendgrid import Mailer
    from bot.services.slack import Slack

    executor = ThreadPoolExecutor(max_workers=8, thread_name_prefix="later")

    def later(work: Callable[[], object]) -> None:
        executor.submit(work).add_done_callback(_log_failure)

    return Parts(
        config=config,
        database=database,
        slack=Slack(_secret(config.slack_bot_token), config.slack_api_url),
        mailer=Mailer(_secret(config.sendgrid_api_key), config.sendgrid_api_url),
        now=now,
        later=later,
    )


def _log_failure(done: Future[object]) -> None:
    if error := done.exception():
        log.error("work after an answer failed", exc_info=error)


def _secret(value: Any) -> str:
    return value.get_secret_value() if value else ""
