"""What callfirst remembers. Imports nothing else of ours."""

from models.calls import Call, Callback, DailyList, ListEntry, Task
from models.database import Database, DatabaseBusy, table_of
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
