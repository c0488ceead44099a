"""Create or upgrade the database; a newer one than this program is refused.

An upgrade is a deliberate command and one transaction: a crash leaves the old database or the
new one. A SQLite file with tables in it is copied first.
"""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import sqlalchemy as sa
from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from bot.errors import UserMistake
from models import Database

SchemaState = Literal["missing", "behind", "current", "newer"]
SCRIPTS = "models:migrations"


@dataclass(frozen=True)
class Migration:
    """What `migrate` did. `before` is None for a new database, `backup` for one not copied."""

    before: str | None
    after: str
    backup: Path | None

    def as_json(self) -> dict[str, str | None]:
        backup = str(self.backup) if self.backup else None
        return {"before": self.before, "after": self.after, "backup": backup}


def schema_state(database: Database) -> SchemaState:
    """How the database's tables compare with what this program needs."""
    found = _version(database)
    if found is None:
        return "missing"
    if found == _head():
        return "current"
    return "behind" if found in _known() else "newer"


def migrate(database: Database) -> Migration:
    """Bring the tables to what this program needs; harmless when they are there already.

    Raises UserMistake when a newer callfirst has upgraded the database.
    """
    before, after = _version(database), _head()
    state = schema_state(database)
    if state == "newer":
        raise UserMistake("migrate.newer", found=before, known=after)
    if state == "current":
        return Migration(before, after, backup=None)
    backup = _copied(database, f"before-{after}")
    settings = _settings()
    with database.migrating() as connection:
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")
    return Migration(before, after, backup)


def _settings() -> AlembicConfig:
    settings = AlembicConfig()
    settings.set_main_option("script_location", SCRIPTS)
    return settings


def _known() -> list[str]:
    """Every schema version this program has been through, newest first."""
    scripts = ScriptDirectory.from_config(_settings())
    return [script.revision for script in scripts.walk_revisions()]


def _head() -> str:
    return _known()[0]


def _version(database: Database) -> str | None:
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _copied(database: Database, suffix: str) -> Path | None:
    """A checked copy beside a SQLite file that holds anything; None where there is none."""
    name = database.engine.url.database
    if not database.is_sqlite or not name or name == ":memory:":
        return None
    if not sa.inspect(database.engine).get_table_names():
        return None
    original = Path(name)
    copy = original.with_name(f"{original.stem}.{suffix}{original.suffix}")
    with closing(sqlite3.connect(original)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        [fault] = target.execute("PRAGMA quick_check(1)").fetchone()
    if fault != "ok":
        raise UserMistake("migrate.backup_damaged", file=str(copy), fault=fault)
    return copy
