"""Many rows at once, the same way on SQLite and PostgreSQL: tuples out, executemany in."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

T = TypeVar("T")
AT_ONCE = 5_000  # values in one IN list; SQLite takes 32,766, PostgreSQL 65,535


def in_parts(values: Iterable[T]) -> Iterator[Sequence[T]]:
    """The values in lists no longer than one statement takes."""
    listed = list(values)
    for start in range(0, len(listed), AT_ONCE):
        yield listed[start : start + AT_ONCE]


def rows_where(
    session: Session,
    model: type[SQLModel],
    columns: Sequence[str],
    key: str,
    values: Iterable[Any],
) -> Iterator[Any]:
    """The columns of all rows whose `key` is one of the values, however many values there are."""
    table = table_of(model)
    select = sa.select(*(table.c[name] for name in columns))
    for part in in_parts(values):
        yield from session.connection().execute(select.where(table.c[key].in_(part))).all()


def insert_rows(session: Session, model: type[SQLModel], rows: list[dict[str, Any]]) -> None:
    """Insert rows that all have the same columns."""
    if rows:
        session.connection().execute(sa.insert(table_of(model)), rows)


def update_rows(
    session: Session, model: type[SQLModel], key: str, rows: list[dict[str, Any]]
) -> None:
    """Set the other columns of the rows found by `key`. All rows have the same columns."""
    if not rows:
        return
    table = table_of(model)
    values: dict[str, Any] = {name: sa.bindparam(f"to_{name}") for name in rows[0] if name != key}
    statement = sa.update(table).where(table.c[key] == sa.bindparam(f"to_{key}")).values(values)
    session.connection().execute(
        statement, [{f"to_{name}": value for name, value in row.items()} for row in rows]
    )


def table_of(model: type[SQLModel]) -> sa.Table:
    """The Core table of a model: what bulk statements work on."""
    table = sa.inspect(model).local_table
    assert isinstance(table, sa.Table)
    return table
