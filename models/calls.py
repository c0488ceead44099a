"""Daily lists, calls, promises and tasks."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.enums import ListState, Outcome, Section, TaskKind, stored


class DailyList(SQLModel, table=True):
    """今日の優先コール: one salesperson's list for one local date.

    `version` grows with every change of what it shows, `drawn_version` is what Slack shows.
    """

    __table_args__ = (sa.UniqueConstraint("salesperson_id", "local_date"),)

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    salesperson_id: int = Field(foreign_key="salesperson.id")
    local_date: date = Field(index=True)
    capacity: int
    state: ListState = Field(sa_type=stored(ListState))
    claimed_at: datetime
    posted_at: datetime | None = None
    channel: str | None = None
    message_ts: str | None = None
    window_start: int = 0  # first open entry shown
    version: int = 1
    drawn_version: int = 0
    detail: str = ""


class ListEntry(SQLModel, table=True):
    """One lead on one list. `reasons` is a list of {"key", "values", "points"}."""

    __table_args__ = (
        sa.UniqueConstraint("lead_id", "local_date"),
        sa.UniqueConstraint("list_id", "place"),
    )

    id: int | None = Field(default=None, primary_key=True)
    list_id: int = Field(foreign_key="dailylist.id")
    lead_id: int = Field(foreign_key="lead.id")
    local_date: date
    section: Section = Field(sa_type=stored(Section))
    place: int
    score: float
    chance: float
    explored: bool = False
    reasons: list[dict[str, Any]] = Field(sa_type=sa.JSON)
    callback_id: int | None = Field(  # added after both tables: entry → callback → call → entry
        default=None, sa_column_args=(sa.ForeignKey("callback.id", use_alter=True),)
    )


class Call(SQLModel, table=True):
    """One logged outcome. Append-only: corrected or undone rows stay, `current` is false then."""

    __table_args__ = (
        sa.Index(
            "ix_call_one_current_per_entry",
            "entry_id",
            unique=True,
            sqlite_where=sa.text("current"),
            postgresql_where=sa.text("current"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    lead_id: int = Field(foreign_key="lead.id", index=True)
    entry_id: int | None = Field(default=None, foreign_key="listentry.id")
    salesperson_id: int = Field(foreign_key="salesperson.id", index=True)
    outcome: Outcome = Field(sa_type=stored(Outcome))
    at: datetime
    logged_at: datetime
    note: str = ""
    press_key: str | None = Field(default=None, unique=True)
    current: bool = True
    undone_at: datetime | None = None


class Callback(SQLModel, table=True):
    """再架電の約束. Open until `closed_at`."""

    id: int | None = Field(default=None, primary_key=True)
    lead_id: int = Field(foreign_key="lead.id", index=True)
    salesperson_id: int = Field(foreign_key="salesperson.id", index=True)
    call_id: int = Field(foreign_key="call.id", index=True)
    due_at: datetime
    reminded_at: datetime | None = None
    closed_at: datetime | None = None
    closed_by_call_id: int | None = None  # the call that kept the promise; its undo reopens it


class Task(SQLModel, table=True):
    """Something to put right before the lead can be called or mailed again."""

    id: int | None = Field(default=None, primary_key=True)
    lead_id: int = Field(foreign_key="lead.id", index=True)
    salesperson_id: int = Field(foreign_key="salesperson.id")
    kind: TaskKind = Field(sa_type=stored(TaskKind))
    call_id: int = Field(foreign_key="call.id", index=True)
    created_at: datetime
    done_at: datetime | None = None
