"""One writer at a time loses nothing, on SQLite and on PostgreSQL."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from models import Account, Database, ImportRun, Lead, Salesperson
from models.database import APPLICATION_ID, DatabaseBusy, with_driver
from models.enums import ImportKind, Language
from models.fair_lock import FairLock
from tests.builders import T0, a_salesperson

THREADS, TIMES = 8, 100
ROOT = Path(__file__).parent.parent


def test_eight_threads_that_read_and_then_write_lose_nothing(any_database: Database) -> None:
    counter = a_counter(any_database)

    def count_up(_thread: int) -> None:
        for _ in range(TIMES):
            with any_database.writing() as session:
                run = session.get_one(ImportRun, counter)
                run.new = run.new + 1

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(count_up, range(THREADS)))

    with any_database.reading() as session:
        assert session.get_one(ImportRun, counter).new == THREADS * TIMES


def test_two_processes_that_read_and_then_write_lose_nothing(any_database: Database) -> None:
    counter = a_counter(any_database)
    url = any_database.engine.url.render_as_string(hide_password=False)

    both = [subprocess.Popen([sys.executable, "-c", COUNTING, url], cwd=ROOT) for _ in range(2)]
    ends = [process.wait(60) for process in both]

    with any_database.reading() as session:
        assert (ends, session.get_one(ImportRun, counter).new) == ([0, 0], 200)


def test_a_reader_sees_one_moment(any_database: Database) -> None:
    counter = a_counter(any_database)

    with any_database.reading() as reader:
        before = reader.get_one(ImportRun, counter).new
        with any_database.writing() as writer:
            writer.get_one(ImportRun, counter).new = 7

    with any_database.reading() as reader:
        assert (before, reader.get_one(ImportRun, counter).new) == (0, 7)


def test_what_raises_is_rolled_back_and_frees_the_writer(any_database: Database) -> None:
    with pytest.raises(ZeroDivisionError), any_database.writing() as session:
        a_salesperson(session)
        _ = 1 / 0

    with any_database.writing(wait=1) as session:
        assert session.scalars(sa.select(Salesperson)).all() == []


def test_reading_changes_nothing(any_database: Database) -> None:
    with any_database.reading() as session:
        a_salesperson(session)

    with any_database.reading() as session:
        assert session.scalars(sa.select(Salesperson)).all() == []


def test_a_busy_database_is_named_after_the_wait(any_database: Database) -> None:
    with another_writer(any_database):
        refused = is_busy(any_database)

    assert refused

    with any_database.writing(wait=1) as session:
        a_salesperson(session)


def test_a_database_busy_in_another_process_is_named_too(any_database: Database) -> None:
    other = Database(any_database.engine.url.render_as_string(hide_password=False))

    with other.writing():
        refused = is_busy(any_database)

    assert refused

    with any_database.writing(wait=1) as session:
        a_salesperson(session)
    other.dispose()


def test_a_reader_does_not_wait_for_a_writer(any_database: Database) -> None:
    other = Database(any_database.engine.url.render_as_string(hide_password=False))
    any_database.engine.dispose()  # the reader's connection is a new one, the writer's is not

    with other.writing() as writer:
        a_salesperson(writer)
        with any_database.reading() as reader:
            seen = reader.scalars(sa.select(Salesperson)).all()

    other.dispose()
    assert seen == []


def test_what_was_read_can_be_looked_at_afterwards(any_database: Database) -> None:
    with any_database.writing() as session:
        a_salesperson(session)

    with any_database.reading() as session:
        sato = session.scalars(sa.select(Salesperson)).one()

    assert sato.name == "Sato"


def test_every_sqlite_connection_is_set_up(database: Database) -> None:
    wanted = {
        "journal_mode": "wal",
        "synchronous": 2,  # FULL: what is committed survives a power cut
        "foreign_keys": 1,
        "busy_timeout": 30_000,
        "application_id": APPLICATION_ID,
    }

    with database.reading() as session:
        reader = pragmas(session, wanted)
    with database.writing() as session:
        writer = pragmas(session, wanted)

    assert reader == writer == wanted


def test_a_row_that_points_to_nothing_is_refused(any_database: Database) -> None:
    orphan = Lead(account_id=77, name="山田", language=Language.JA, created_at=T0)

    with pytest.raises(sa.exc.IntegrityError), any_database.writing() as session:
        session.add(orphan)


def test_a_time_without_a_zone_is_refused(any_database: Database) -> None:
    naive = datetime(2026, 11, 24, 9, 0)  # noqa: DTZ001 (this is the mistake)

    with pytest.raises(sa.exc.StatementError, match="timezone"), any_database.writing() as session:
        a_salesperson(session, created_at=naive)


def test_a_time_comes_back_as_the_same_moment_in_utc(any_database: Database) -> None:
    in_tokyo = datetime.fromisoformat("2026-11-24T09:00:00+09:00")
    with any_database.writing() as session:
        a_salesperson(session, created_at=in_tokyo)

    with any_database.reading() as session:
        back = session.scalars(sa.select(Salesperson.created_at)).one()

    assert (back, back.isoformat()) == (T0, "2026-11-24T00:00:00+00:00")


def test_japanese_and_large_amounts_survive(any_database: Database) -> None:
    with any_database.writing() as session:
        session.add(Account(name="髙島﨑𠮷商事🍣", name_key="x", yearly_profit=-(10**15)))

    with any_database.reading() as session:
        account = session.scalars(sa.select(Account)).one()

    assert (account.name, account.yearly_profit) == ("髙島﨑𠮷商事🍣", -(10**15))


@pytest.mark.parametrize(
    ("given", "opened"),
    [
        ("postgres://u:p@db/sales", "postgresql+psycopg://u:p@db/sales"),
        ("postgresql://u:p@db/sales", "postgresql+psycopg://u:p@db/sales"),
        ("postgresql+psycopg://db/sales", "postgresql+psycopg://db/sales"),
        ("sqlite:///callfirst.db", "sqlite:///callfirst.db"),
    ],
)
def test_addresses_are_opened_with_the_driver_we_ship(given: str, opened: str) -> None:
    assert with_driver(given) == opened


COUNTING = """
import sys
from models import Database, ImportRun
database = Database(sys.argv[1])
for _ in range(100):
    with database.writing() as session:
        run = session.get_one(ImportRun, 1)
        run.new = run.new + 1
database.dispose()
"""


def a_counter(database: Database) -> int:
    with database.writing() as session:
        run = ImportRun(kind=ImportKind.LEADS, file_name="f", by="Sato", at=T0)
        session.add(run)
        session.flush()
        assert run.id == 1
        return run.id


@contextmanager
def another_writer(database: Database) -> Iterator[None]:
    """A thread that is inside `writing()` until the block ends."""
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with database.writing():
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    assert inside.wait(10)
    try:
        yield
    finally:
        leave.set()
        thread.join()


def is_busy(database: Database) -> bool:
    try:
        with database.writing(wait=0.05):
            return False
    except DatabaseBusy:
        return True


def pragmas(session: Session, names: dict[str, object]) -> dict[str, object]:
    return {name: session.scalar(sa.text(f"PRAGMA {name}")) for name in names}


def test_writers_are_served_in_the_order_they_came() -> None:
    lock, order = FairLock(), []
    assert lock.acquire(timeout=1)

    def wait(number: int) -> None:
        assert lock.acquire(timeout=5)
        order.append(number)
        lock.release()

    threads = []
    for number in range(5):
        threads.append(threading.Thread(target=wait, args=[number]))
        threads[-1].start()
        while len(lock._waiting) <= number:  # all stand in line before the lock is free
            pass
    lock.release()
    for thread in threads:
        thread.join()

    assert order == [0, 1, 2, 3, 4]


def test_someone_who_gave_up_waiting_holds_nobody_up() -> None:
    lock = FairLock()
    assert lock.acquire(timeout=1)

    gave_up = lock.acquire(timeout=0.05)
    lock.release()

    assert not gave_up
    assert lock.acquire(timeout=1)
