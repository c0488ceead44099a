"""What callfirst remembers. Imports nothing else of ours."""

# ruff: noqa: E402 (the names below must be there before the first table)

from sqlmodel import SQLModel

# Every constraint has a name, the same on both databases, so that a migration can drop it.
SQLModel.metadata.naming_convention = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
}

from models.bulk import table_of
from models.calls import Call, Callback, DailyList, ListEntry, Task
from models.database import Database, DatabaseBusy
from models.mail import (
    Delivery,
    InfoMail,
    MailEvent,
    MailLink,
    MonthSlot,
    Quarantine,
    SurveyAnswer,
)
from models.people import (
    Account,
    ClassMove,
    Consent,
    ImportRun,
    JobRun,
    Lead,
    Salesperson,
    Suppression,
)

__all__ = [
    "Account",
    "Call",
    "Callback",
    "ClassMove",
    "Consent",
    "DailyList",
    "Database",
    "DatabaseBusy",
    "Delivery",
    "ImportRun",
    "InfoMail",
    "JobRun",
    "Lead",
    "ListEntry",
    "MailEvent",
    "MailLink",
    "MonthSlot",
    "Quarantine",
    "Salesperson",
    "Suppression",
    "SurveyAnswer",
    "Task",
    "table_of",
]
