"""Alembic's entry. `bot/migrate_database.py` hands over an open connection in a transaction.

Called through Alembic's own command (`uv run alembic revision --autogenerate`), it opens
DATABASE_URL itself.
"""

import os
from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

from models import Database


def run(connection: sa.Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=True,  # SQLite changes a column only by copying the table
        compare_type=True,
        compare_server_default=True,
        render_item=plainly,
    )
    with context.begin_transaction():
        context.run_migrations()


def plainly(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Types as SQLAlchemy has them: a migration outlives our enums and SQLModel's classes."""
    if kind != "type":
        return False
    if isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, AutoString):
        return "sa.String()"
    if isinstance(item, sa.Enum):
        return f"sa.String(length={item.length})"
    return False


if given := context.config.attributes.get("connection"):
    run(given)
else:
    own = Database(os.environ.get("DATABASE_URL", "sqlite:///callfirst.db"))
    with own.migrating() as opened:
        run(opened)
    own.dispose()
