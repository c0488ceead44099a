"""Fixtures for every test: a real database, empty."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import Session, SQLModel

from models import Database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An empty SQLite database with the current tables."""
    made = Database(f"sqlite:///{tmp_path}/callfirst.db")
    SQLModel.metadata.create_all(made.engine)
    yield made
    made.dispose()


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """One writing session; nothing else may write while a test holds it."""
    with database.writing() as session:
        yield session
