"""Fixtures for every test: real databases, empty.

`database` is SQLite; `any_database` runs the test twice, on SQLite and on PostgreSQL.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from models import Database
from tests import postgres


def pytest_report_header() -> str:
    return f"PostgreSQL: {postgres.where_from() or 'MISSING, its tests are skipped'}"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An empty SQLite database with the current tables."""
    with opened(_sqlite_url(tmp_path)) as made:
        SQLModel.metadata.create_all(made.engine)
        yield made


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """One writing session; nothing else may write while a test holds it."""
    with database.writing() as session:
        yield session


@pytest.fixture(params=["sqlite", "postgres"])
def any_database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """An empty database with the current tables, once of each kind."""
    if request.param == "sqlite":
        yield request.getfixturevalue("database")
        return
    server = request.getfixturevalue("postgres_server")
    template = request.getfixturevalue("postgres_template")
    with postgres.new_database(server, template) as url, opened(shown(url)) as made:
        yield made


@pytest.fixture
def any_session(any_database: Database) -> Iterator[Session]:
    """One writing session, once on each kind of database."""
    with any_database.writing() as session:
        yield session


@pytest.fixture(params=["sqlite", "postgres"])
def bare_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without any table, once of each kind: what `callfirst migrate` meets first."""
    if request.param == "sqlite":
        with opened(_sqlite_url(tmp_path)) as made:
            yield made
        return
    server = request.getfixturevalue("postgres_server")
    with postgres.new_database(server) as url, opened(shown(url)) as made:
        yield made


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[sa.URL]:
    """One server per test process. Missing, it skips; under CI it fails."""
    try:
        with postgres.server() as url:
            yield url
    except postgres.NoServer as missing:
        if os.environ.get("CI"):
            pytest.fail(f"no PostgreSQL under CI: {missing}", pytrace=False)
        pytest.skip(f"PostgreSQL NOT TESTED: {missing}")


@pytest.fixture(scope="session")
def postgres_template(postgres_server: sa.URL) -> Iterator[str]:
    """The name of a database with the current tables, copied for each test."""
    with postgres.new_database(postgres_server) as url:
        with opened(shown(url)) as made:
            postgres.tables().create_all(made.engine)
        assert url.database
        yield url.database


@contextmanager
def opened(url: str) -> Iterator[Database]:
    made = Database(url)
    try:
        yield made
    finally:
        made.dispose()


def shown(url: sa.URL) -> str:
    return url.render_as_string(hide_password=False)


def _sqlite_url(folder: Path) -> str:
    return f"sqlite:///{folder}/callfirst.db"
