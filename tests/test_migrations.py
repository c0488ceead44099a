"""An upgraded database equals the models, and an upgrade is all or nothing."""

import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlmodel import SQLModel

from bot.errors import UserMistake
from bot.migrate_database import migrate, schema_state
from models import Database
from models.database import BrokenReferences
from tests.builders import T0, a_salesperson
from tests.postgres import tables

ROOT = Path(__file__).parent.parent
DYING = """
import os, sys
import sqlalchemy as sa
from bot.migrate_database import migrate
from models import Database

@sa.event.listens_for(sa.Engine, "after_cursor_execute")
def die(connection, cursor, statement, *rest):
    if statement.strip().startswith("CREATE TABLE lead"):
        os._exit(9)

migrate(Database(sys.argv[1]))
"""


def test_an_empty_database_is_brought_to_the_models(bare_database: Database) -> None:
    migrate(bare_database)

    with bare_database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, SQLModel.metadata) == []


def test_it_has_the_same_keys_indexes_and_checks_as_the_models(bare_database: Database) -> None:
    migrate(bare_database)
    migrated = facts(bare_database)

    tables().drop_all(bare_database.engine)
    tables().create_all(bare_database.engine)

    assert migrated == facts(bare_database)


def test_one_entry_has_one_current_call(bare_database: Database) -> None:
    migrate(bare_database)

    [index] = [
        index
        for index in inspected(bare_database).get_indexes("call")
        if index["name"] == "ix_call_one_current_per_entry"
    ]

    where = index["dialect_options"][f"{bare_database.engine.dialect.name}_where"]
    assert (index["unique"], index["column_names"], str(where)) == (True, ["entry_id"], "current")


def test_a_new_database_is_missing_then_current(bare_database: Database) -> None:
    before = schema_state(bare_database)
    migrate(bare_database)

    assert (before, schema_state(bare_database)) == ("missing", "current")


def test_upgrading_twice_is_harmless(bare_database: Database) -> None:
    first = migrate(bare_database)
    with bare_database.writing() as session:
        a_salesperson(session)

    second = migrate(bare_database)

    assert (first.before, second.before, second.backup) == (None, first.after, None)
    with bare_database.reading() as session:
        assert session.scalar(sa.text("SELECT count(*) FROM salesperson")) == 1


def test_a_newer_database_is_refused_with_the_version_it_needs(bare_database: Database) -> None:
    migrate(bare_database)
    set_version(bare_database, "9999")

    with pytest.raises(UserMistake) as refused:
        migrate(bare_database)

    assert schema_state(bare_database) == "newer"
    assert refused.value.key == "migrate.newer"
    assert refused.value.values["found"] == "9999"


def test_a_process_that_dies_half_way_leaves_nothing_behind(bare_database: Database) -> None:
    url = bare_database.engine.url.render_as_string(hide_password=False)
    died = subprocess.run([sys.executable, "-c", DYING, url], cwd=ROOT, check=False)

    left = inspected(bare_database).get_table_names()
    migrate(bare_database)

    assert (died.returncode, left) == (9, [])
    assert schema_state(bare_database) == "current"


def test_a_file_with_data_is_copied_before_it_is_upgraded(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/sales.db")
    with database.writing() as session:
        session.execute(sa.text("CREATE TABLE older (note TEXT)"))
        session.execute(sa.text("INSERT INTO older VALUES ('kept')"))

    done = migrate(database)
    database.dispose()

    assert done.backup == tmp_path / f"sales.before-{done.after}.db"
    copy = sqlite3.connect(done.backup)
    assert copy.execute("SELECT note FROM older").fetchall() == [("kept",)]
    copy.close()


def test_a_migration_that_breaks_references_is_rolled_back(database: Database) -> None:
    with pytest.raises(BrokenReferences), database.migrating() as connection:
        connection.execute(
            sa.text("INSERT INTO monthslot VALUES ('lead:1', '2026-11', 77, :now)"), {"now": T0}
        )

    with database.reading() as session:
        assert session.scalar(sa.text("SELECT count(*) FROM monthslot")) == 0


def test_foreign_keys_are_followed_again_after_a_migration(database: Database) -> None:
    with database.migrating():
        pass

    with database.writing() as session:
        assert session.scalar(sa.text("PRAGMA foreign_keys")) == 1


def set_version(database: Database, version: str) -> None:
    with database.writing() as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = :v"), {"v": version})


def inspected(database: Database) -> sa.Inspector:
    """Through a new connection: SQLite's PRAGMAs answer from the tables an old one remembers."""
    database.engine.dispose()
    return sa.inspect(database.engine)


def facts(database: Database) -> dict[str, Any]:
    """Everything about the tables that a comparison by Alembic leaves out, and the rest."""
    inspector = inspected(database)
    return {
        table: {
            "columns": {
                column["name"]: (str(column["type"]), column["nullable"], column["default"])
                for column in inspector.get_columns(table)
            },
            "primary": inspector.get_pk_constraint(table),
            "foreign": by_name(inspector.get_foreign_keys(table)),
            "unique": by_name(inspector.get_unique_constraints(table)),
            "checks": by_name(inspector.get_check_constraints(table)),
            "indexes": [
                {**index, "dialect_options": in_words(index.get("dialect_options", {}))}
                for index in by_name(inspector.get_indexes(table))
            ],
        }
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }


def by_name(found: list[Any]) -> list[Any]:
    return sorted(found, key=lambda item: str(item["name"]))


def in_words(options: dict[str, Any]) -> dict[str, str]:
    """A condition is an object that equals nothing but itself."""
    return {name: str(value) for name, value in options.items()}
