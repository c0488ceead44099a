"""Info mails, their deliveries, and what came back."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.enums import (
    DeliveryState,
    EventKind,
    Language,
    MailKind,
    MailState,
    MightUse,
    SkipReason,
    Verdict,
    YesNo,
    stored,
)


class InfoMail(SQLModel, table=True):
    """情報メール: one month's mailing. `classes` is a list such as ["C2", "D", "E"]."""

    id: int | None = Field(default=None, primary_key=True)
    kind: MailKind = Field(sa_type=stored(MailKind))
    goal: str = ""
    cost_money: int = 0
    cost_hours: float = 0
    subject: str
    body: str  # Markdown with {{name}}, {{company}}, {{salesperson}}
    language: Language = Field(sa_type=stored(Language))
    classes: list[str] = Field(sa_type=sa.JSON)
    state: MailState = Field(default=MailState.DRAFT, sa_type=stored(MailState))
    stop_reason: str = ""
    created_by: str = ""
    created_at: datetime
    approved_by: str | None = None
    approved_at: datetime | None = None
    send_after: datetime | None = None
    sent_at: datetime | None = None


class MailLink(SQLModel, table=True):
    """A tracked link of a mail; weight 5 = price, 3 = case, 1 = article."""

    __table_args__ = (sa.UniqueConstraint("mail_id", "url"),)

    id: int | None = Field(default=None, primary_key=True)
    mail_id: int = Field(foreign_key="infomail.id")
    place: int
    url: str
    label: str
    weight: int = 1


class Delivery(SQLModel, table=True):
    """配信: one info mail to one lead; the row that makes sending exact.

    `public_id` is the opaque random id SendGrid gets; `batch` names the request it went out in.
    """

    __table_args__ = (
        sa.UniqueConstraint("mail_id", "lead_id"),
        sa.UniqueConstraint("mail_id", "address_key"),
        sa.Index("ix_delivery_mail_state", "mail_id", "state"),
    )

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    mail_id: int = Field(foreign_key="infomail.id")
    lead_id: int = Field(foreign_key="lead.id", index=True)
    email: str | None = None
    address_key: str | None = Field(default=None, index=True)
    state: DeliveryState = Field(sa_type=stored(DeliveryState))
    reason: SkipReason | None = Field(default=None, sa_type=stored(SkipReason))
    detail: str = ""  # what SendGrid said, or why it is not certain
    batch: str | None = Field(default=None, index=True)
    not_before: datetime | None = None
    claimed_at: datetime | None = None
    state_at: datetime
    message_id: str | None = Field(default=None, index=True)
    confirmed_at: datetime | None = None  # earliest event with our id
    delivered_at: datetime | None = None
    bounced_at: datetime | None = None
    refused_at: datetime | None = None  # unsubscribe or complaint through this delivery


class MonthSlot(SQLModel, table=True):
    """One info mail a month: `key` is "lead:<id>" or "mail:<address_key>", `period` "2026-11"."""

    key: str = Field(primary_key=True)
    period: str = Field(primary_key=True)
    delivery_id: int = Field(foreign_key="delivery.id", index=True)
    claimed_at: datetime


class MailEvent(SQLModel, table=True):
    """What SendGrid told us about a delivery, once, with our verdict beside it.

    Unique keys are led by the event's time, because an index on random ids ages badly.
    """

    __table_args__ = (
        sa.UniqueConstraint("at", "event_id"),
        sa.UniqueConstraint("at", "natural_key"),
        sa.Index("ix_mailevent_lead_kind", "lead_id", "kind"),
    )

    id: int | None = Field(default=None, primary_key=True)
    at: datetime
    event_id: str
    natural_key: str
    kind: EventKind = Field(sa_type=stored(EventKind))
    delivery_id: int | None = Field(default=None, foreign_key="delivery.id", index=True)
    lead_id: int | None = Field(default=None, foreign_key="lead.id")
    address_key: str = ""
    url: str = ""
    ip: str = ""
    user_agent: str = ""
    machine_flag: bool = False
    detail: str = ""
    raw: str
    received_at: datetime
    verdict: Verdict | None = Field(default=None, sa_type=stored(Verdict))
    verdict_reason: str = ""


class Quarantine(SQLModel, table=True):
    """A signed event or post that could not be read, kept once with its bytes."""

    id: int | None = Field(default=None, primary_key=True)
    digest: str = Field(unique=True)  # SHA-256 of `body`: a repeated post adds nothing
    received_at: datetime
    reason: str
    body: bytes


class SurveyAnswer(SQLModel, table=True):
    """One submit of the survey; the last by `at`, then `id`, counts."""

    id: int | None = Field(default=None, primary_key=True)
    delivery_id: int = Field(foreign_key="delivery.id", index=True)
    lead_id: int = Field(foreign_key="lead.id", index=True)
    at: datetime
    might_use: MightUse = Field(sa_type=stored(MightUse))
    uses_similar: YesNo | None = Field(default=None, sa_type=stored(YesNo))
    trouble: str = ""
    opinion: str = ""
