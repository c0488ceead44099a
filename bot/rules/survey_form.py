"""What a submitted survey form says."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from models.enums import MightUse, YesNo

MAX_FREE_TEXT = 2000  # letters; more is cut

Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True)
class Answers:
    """The four answers; only the first must be given."""

    might_use: MightUse
    uses_similar: YesNo | None
    trouble: str
    opinion: str


def read_answers(form: Mapping[str, str]) -> Answers | None:
    """The answers in a form; None when the required one is missing or not one of the choices."""
    might_use = _choice(MightUse, form.get("might_use"))
    if might_use is None:
        return None
    return Answers(
        might_use=might_use,
        uses_similar=_choice(YesNo, form.get("uses_similar")),
        trouble=free_text(form.get("trouble", "")),
        opinion=free_text(form.get("opinion", "")),
    )


def free_text(value: str) -> str:
    """What was written, without control characters, cut at 2,000 letters."""
    lines = value.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(sign for sign in lines if sign in "\n\t" or _is_text(sign))
    return kept.strip()[:MAX_FREE_TEXT]


def _choice(choices: type[Choice], value: str | None) -> Choice | None:
    return choices(value) if value in list(choices) else None


def _is_text(sign: str) -> bool:
    return sign >= " " and not "\x7f" <= sign <= "\x9f" and not "\ud800" <= sign <= "\udfff"
