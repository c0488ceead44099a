"""The database: SQLite or PostgreSQL, one writer at a time on both.

SQLite writes go through one connection behind a lock, opened with BEGIN IMMEDIATE and
synchronous=FULL; measured: a connection per thread made 100 simultaneous clicks wait up to 2.5 s
or fail, and plain BEGIN lost updates without an error. PostgreSQL writers take one advisory
lock, so that "an opt-out that is committed stops every later claim" holds there as well.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import QueuePool
from sqlmodel import Session

from models.fair_lock import FairLock

BUSY_TIMEOUT_MS = 30_000  # measured: at 5 s, 5 of 800 writers were refused; at 30 s none
WAIT = "callfirst_wait_ms"  # the execution option that carries a writer's patience to BEGIN
WRITER_LOCK_KEY = 7_220_471  # any number of our own, the same in every process
APPLICATION_ID = 0x43465354  # "CFST": marks the file as callfirst's


class DatabaseBusy(Exception):
    """Another writer held the database longer than the caller could wait."""


class BrokenReferences(Exception):
    """A migration would have left rows that point to nothing."""


class Database:
    """Two ways in: `reading()` and `writing()`; both give a session, `writing()` commits."""

    def __init__(self, url: str) -> None:
        self.url = with_driver(url)
        self.is_sqlite = self.url.startswith("sqlite")
        self._lock = FairLock()
        if self.is_sqlite:
            self.engine = _sqlite_engine(self.url, begin="BEGIN", size=8)
            self._writer = _sqlite_engine(self.url, begin="BEGIN IMMEDIATE", size=1)
        else:
            self.engine = sa.create_engine(self.url, pool_pre_ping=True, pool_size=10)
            self._writer = self.engine

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one moment and changes nothing."""
        with Session(self.engine, expire_on_commit=False, autoflush=False) as session:
            yield session  # closed without a rollback: that would empty what was read

    @contextmanager
    def writing(self, wait: float = BUSY_TIMEOUT_MS / 1000) -> Iterator[Session]:
        """The one writer's session: committed when the block ends, rolled back when it raises.

        Raises DatabaseBusy when another writer, here or in another process, did not end within
        `wait` seconds.
        """
        if self.is_sqlite and not self._lock.acquire(timeout=wait):
            raise DatabaseBusy(f"no writer free within {wait} s")
        try:
            with Session(self._writer, expire_on_commit=False) as session:
                self._become_the_writer(session, milliseconds=max(1, round(wait * 1000)))
                yield session
                session.commit()
        finally:
            if self.is_sqlite:
                self._lock.release()

    def _become_the_writer(self, session: Session, milliseconds: int) -> None:
        try:
            connection = session.connection(execution_options={WAIT: milliseconds})
            if not self.is_sqlite:
                wait = sa.func.set_config("lock_timeout", f"{milliseconds}ms", True)
                connection.execute(sa.select(wait))
                connection.execute(sa.select(_writer_lock()))
        except sa.exc.OperationalError as error:
            if _says_busy(error.orig):
                raise DatabaseBusy(f"no writer free within {milliseconds} ms") from error
            raise

    @contextmanager
    def migrating(self) -> Iterator[sa.Connection]:
        """The writer's bare connection in one transaction, for Alembic.

        On SQLite foreign keys are not followed inside (a table is changed by dropping it and
        putting a copy in its place) but checked as a whole before the commit.
        """
        with self._writer.connect() as connection:
            if self.is_sqlite:
                _follow_foreign_keys(connection, "OFF")  # has no effect inside a transaction
            try:
                with connection.begin():
                    if not self.is_sqlite:
                        connection.execute(sa.select(_writer_lock()))
                    yield connection
                    if self.is_sqlite:
                        _refuse_broken_references(connection)
            finally:
                if self.is_sqlite:
                    _follow_foreign_keys(connection, "ON")

    def dispose(self) -> None:
        self.engine.dispose()
        self._writer.dispose()


def with_driver(url: str) -> str:
    """The address with the driver we ship: postgres:// and postgresql:// become psycopg 3."""
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def _says_busy(error: BaseException | None) -> bool:
    sqlite, postgres = "SQLITE_BUSY", "55P03"  # lock_not_available
    names = (getattr(error, "sqlite_errorname", ""), getattr(error, "sqlstate", ""))
    return sqlite in names or postgres in names


def _writer_lock() -> sa.Function[Any]:
    return sa.func.pg_advisory_xact_lock(WRITER_LOCK_KEY)


def _follow_foreign_keys(connection: sa.Connection, how: str) -> None:
    raw = connection.connection.driver_connection
    assert raw is not None
    raw.execute(f"PRAGMA foreign_keys={how}")


def _refuse_broken_references(connection: sa.Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if broken:
        raise BrokenReferences(f"{len(broken)} rows point to nothing, first: {tuple(broken[0])}")


def _sqlite_engine(url: str, begin: str, size: int) -> sa.Engine:
    engine = sa.create_engine(
        url,
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0 if size == 1 else 32,
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_MS / 1000},
    )

    @sa.event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")
        if connection.execute("PRAGMA application_id").fetchone() != (APPLICATION_ID,):
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")  # waits for any writer

    @sa.event.listens_for(engine, "begin")
    def begin_ourselves(connection: sa.Connection) -> None:
        wait = connection.get_execution_options().get(WAIT, BUSY_TIMEOUT_MS)
        connection.exec_driver_sql(f"PRAGMA busy_timeout={wait}")
        connection.exec_driver_sql(begin)

    return engine
