"""The closed lists of callfirst. Values are what the database and the JSON documents show."""

from enum import StrEnum

import sqlalchemy as sa


def stored(enum: type[StrEnum]) -> sa.Enum:
    """The column type of a closed list: its value as plain text, the same on every database."""
    return sa.Enum(
        enum,
        native_enum=False,
        create_constraint=False,
        length=24,
        values_callable=lambda members: [member.value for member in members],
    )


class Language(StrEnum):
    JA = "ja"
    EN = "en"


class Team(StrEnum):
    FIELD = "field"
    INSIDE = "inside"


class Role(StrEnum):
    REP = "rep"
    MARKETER = "marketer"
    ADMIN = "admin"


class CustomerClass(StrEnum):
    """管理区分. A, B and C trade now, D traded before, E never has; undecided C is C2."""

    A = "A"
    B = "B"
    C1 = "C1"
    C2 = "C2"
    D = "D"
    E = "E"


class Basis(StrEnum):
    """同意の根拠: why an address may be mailed (特定電子メール法 3条1項)."""

    CONSENT = "consent"
    BUSINESS_CARD = "business_card"
    TRADE = "trade"
    PUBLISHED = "published"


class SuppressionReason(StrEnum):
    UNSUBSCRIBED = "unsubscribed"
    COMPLAINT = "complaint"
    HARD_BOUNCE = "hard_bounce"
    DO_NOT_MAIL = "do_not_mail"
    IMPORTED = "imported"


class MailKind(StrEnum):
    INDUSTRY_NEWS = "industry_news"
    COST_TIP = "cost_tip"
    CASE_STUDY = "case_study"
    FRESH_FACT = "fresh_fact"
    PRODUCT_NEWS = "product_news"


class MailState(StrEnum):
    DRAFT = "draft"
    APPROVED = "approved"  # due at `send_after`
    SENDING = "sending"  # deliveries are planned; some may be out
    SENT = "sent"  # nothing is left to send
    STOPPED = "stopped"  # a person must look; `stop_reason` says why


class DeliveryState(StrEnum):
    """States only move along design's lattice; `rules/delivery.py` holds the arrows."""

    PLANNED = "planned"
    SENDING = "sending"
    ACCEPTED = "accepted"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    UNCONFIRMED = "unconfirmed"
    SKIPPED = "skipped"


class SkipReason(StrEnum):
    NO_ADDRESS = "no_address"
    NO_BASIS = "no_basis"
    SUPPRESSED = "suppressed"
    INACTIVE = "inactive"
    SLOT_TAKEN = "slot_taken"
    TOO_SOON = "too_soon"
    TOO_LATE = "too_late"
    PRODUCT_NEWS_CAP = "product_news_cap"
    CANCELLED = "cancelled"


class EventKind(StrEnum):
    PROCESSED = "processed"
    DROPPED = "dropped"
    DELIVERED = "delivered"
    DEFERRED = "deferred"
    BOUNCE = "bounce"
    BLOCKED = "blocked"
    OPEN = "open"
    CLICK = "click"
    SPAM_REPORT = "spamreport"
    UNSUBSCRIBE = "unsubscribe"
    GROUP_UNSUBSCRIBE = "group_unsubscribe"
    GROUP_RESUBSCRIBE = "group_resubscribe"
    OTHER = "other"


class Verdict(StrEnum):
    """Who caused an open or a click."""

    HUMAN = "human"
    MACHINE = "machine"
    UNSURE = "unsure"


class MightUse(StrEnum):
    """The survey's first question: might you use it?"""

    WITHIN_3_MONTHS = "within_3_months"
    WITHIN_A_YEAR = "within_a_year"
    NO_PLAN = "no_plan"
    UNKNOWN = "unknown"


class YesNo(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class ListState(StrEnum):
    READY = "ready"  # built and stored, not yet handed to Slack
    SENDING = "sending"  # claimed for posting; Slack has perhaps taken it
    POSTED = "posted"
    UNKNOWN = "unknown"  # Slack's answer was lost; the channel's history settles it
    FAILED = "failed"  # Slack certainly refused it for good
    SKIPPED = "skipped"  # too late in the day to post


class Section(StrEnum):
    PROMISED = "promised"
    FIRST = "first"
    ADDRESS = "address"
    SPARE = "spare"


class Outcome(StrEnum):
    """架電結果: what came of a call."""

    APPOINTMENT = "appointment"
    INTERESTED = "interested"
    CALLBACK = "callback"
    NOT_NOW = "not_now"
    NO_ANSWER = "no_answer"
    MOVED_DEPARTMENT = "moved_department"
    LEFT_COMPANY = "left_company"
    WRONG_NUMBER = "wrong_number"
    DO_NOT_CALL = "do_not_call"
    DO_NOT_MAIL = "do_not_mail"
    DEAL_WON = "deal_won"
    DEAL_LOST = "deal_lost"


class CallState(StrEnum):
    """What the log of calls says about calling a lead again."""

    OPEN = "open"
    RESTING = "resting"  # until `rest_until`, unless a new reaction arrives (not_now)
    EXHAUSTED = "exhausted"  # too many tries; rests until a new reaction
    APPOINTMENT = "appointment"
    LEFT_COMPANY = "left_company"
    WRONG_NUMBER = "wrong_number"
    DO_NOT_CALL = "do_not_call"
    WON = "won"
    LOST = "lost"


class TaskKind(StrEnum):
    FIND_RIGHT_PERSON = "find_right_person"
    FIND_SUCCESSOR = "find_successor"
    CORRECT_NUMBER = "correct_number"


class ImportKind(StrEnum):
    LEADS = "leads"
    ACCOUNTS = "accounts"
    SUPPRESSIONS = "suppressions"
