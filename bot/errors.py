"""
CallfirstError
├── UserMistake      the person can put it right; shown in their language
├── DeliveryFailed   Slack or SendGrid certainly did not take it
├── DeliveryUnsure   the answer was lost; it may have been taken
└── BadSignature     this was not signed by whom it says
"""

from datetime import timedelta


class CallfirstError(Exception):
    """Anything callfirst itself says is wrong."""


class UserMistake(CallfirstError):
    """The person can put it right. `key` is a text key, `values` its slots."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(f"{key} {values}" if values else key)
        self.key = key
        self.values = values


class DeliveryFailed(CallfirstError):
    """Certainly not taken. `permanent` means: not without a person; else after `retry_after`."""

    def __init__(
        self,
        why: str,
        *,
        permanent: bool,
        retry_after: timedelta | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(why)
        self.permanent = permanent
        self.retry_after = retry_after
        self.status = status


class DeliveryUnsure(CallfirstError):
    """A time-out, a cut connection or a 5xx: it may or may not have been taken."""


class BadSignature(CallfirstError):
    """Not signed, wrongly signed, or too old."""
