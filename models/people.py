"""Accounts, leads, salespeople, and what we may do with an address."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.enums import (
    Basis,
    CallState,
    CustomerClass,
    ImportKind,
    Language,
    Role,
    SuppressionReason,
    Team,
    stored,
)


class Salesperson(SQLModel, table=True):
    """担当者. `list_time` is the local wall-clock time "HH:MM" of the daily list in `timezone`."""

    id: int | None = Field(default=None, primary_key=True)
    name: str
    email: str = Field(unique=True)
    slack_id: str | None = Field(default=None, unique=True)
    dm_channel: str | None = None
    team: Team = Field(sa_type=stored(Team))
    role: Role = Field(sa_type=stored(Role))
    language: Language = Field(sa_type=stored(Language))
    timezone: str
    list_time: str = "08:30"
    capacity: int
    active: bool = True
    created_at: datetime


class Account(SQLModel, table=True):
    """取引先. `name_key` is the name as matched; money is in whole units of the team's currency."""

    id: int | None = Field(default=None, primary_key=True)
    name: str
    name_key: str = Field(unique=True)
    yearly_profit: int | None = Field(default=None, sa_type=sa.BigInteger)
    yearly_sales: int | None = Field(default=None, sa_type=sa.BigInteger)
    last_deal_on: date | None = None
    won_on: date | None = None  # last deal_won in the log of calls
    trades_with_id: int | None = Field(default=None, foreign_key="salesperson.id", index=True)
    customer_class: CustomerClass | None = Field(default=None, sa_type=stored(CustomerClass))
    class_why: str = ""
    c_choice: CustomerClass | None = Field(default=None, sa_type=stored(CustomerClass))
    c_choice_by: str | None = None
    c_choice_why: str | None = None


class ClassMove(SQLModel, table=True):
    """One change of an account's class, with the reason in figures."""

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    before: CustomerClass | None = Field(default=None, sa_type=stored(CustomerClass))
    after: CustomerClass = Field(sa_type=stored(CustomerClass))
    why: str
    moved_at: datetime


class Lead(SQLModel, table=True):
    """見込み客: a person at an account.

    `email` is as written, `email_key` as matched (unique). `customer_class` is the account's.
    `call_state`, `rest_until` and `unanswered` are what the log of calls says, kept for the list.
    """

    __table_args__ = (sa.Index("ix_lead_owner_class", "owner_id", "customer_class"),)

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    name: str
    department: str = ""
    title: str = ""
    email: str | None = None
    email_key: str | None = Field(default=None, unique=True)
    phone: str | None = None  # E.164 where it can be read, else as written
    phone_note: str = ""
    mobile: str | None = None
    card_on: date | None = None
    source: str = ""
    language: Language = Field(sa_type=stored(Language))
    owner_id: int | None = Field(default=None, foreign_key="salesperson.id")
    owner_chosen: bool = False  # a person chose the owner; dealing leaves it alone
    customer_class: CustomerClass | None = Field(default=None, sa_type=stored(CustomerClass))
    call_state: CallState = Field(default=CallState.OPEN, sa_type=stored(CallState))
    rest_until: date | None = None  # first local date on which the lead may be listed again
    unanswered: int = 0
    last_call_at: datetime | None = None
    last_talk_at: datetime | None = None
    created_at: datetime
    import_id: int | None = Field(default=None, foreign_key="importrun.id", index=True)


class Consent(SQLModel, table=True):
    """同意の根拠 of one address: why it may be mailed, since when, recorded by whom."""

    address_key: str = Field(primary_key=True)
    basis: Basis = Field(sa_type=stored(Basis))
    source: str
    given_on: date | None = None
    recorded_by: str
    recorded_at: datetime


class Suppression(SQLModel, table=True):
    """配信停止: this address is never mailed again. Only added; first reason stays."""

    address_key: str = Field(primary_key=True)
    reason: SuppressionReason = Field(sa_type=stored(SuppressionReason))
    source: str
    since: datetime
    call_id: int | None = None  # the logged call that asked for it; its undo takes it back


class ImportRun(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    kind: ImportKind = Field(sa_type=stored(ImportKind))
    file_name: str
    by: str
    at: datetime
    new: int = 0
    changed: int = 0
    same: int = 0
    rejected: int = 0


class JobRun(SQLModel, table=True):
    """A dated job's claim: the row exists once, so the job runs once on that local date."""

    name: str = Field(primary_key=True)
    local_date: date = Field(primary_key=True)
    claimed_at: datetime
    done_at: datetime | None = None
