"""Every sentence callfirst says, in Japanese and English: one catalogue each, same keys and slots.

There is no fallback language: a missing sentence is a failed test, never English in a
Japanese message.
"""

import tomllib
from datetime import date, datetime, time
from functools import cache
from importlib.resources import files

from models.enums import Language

WEEKDAYS = {
    Language.JA: "月火水木金土日",
    Language.EN: ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@cache
def catalogue(language: Language) -> dict[str, str]:
    """All sentences of one language by key."""
    return tomllib.loads(files("bot.texts").joinpath(f"{language}.toml").read_text("utf-8"))


def text(key: str, language: Language, **values: object) -> str:
    """The sentence for a key with its {slots} filled. Raises KeyError for a missing key or slot."""
    return catalogue(language)[key].format(**values)


def day(value: date, language: Language) -> str:
    """A date as people say it: 8月21日(金), Fri 21 Aug. The year is left to the context."""
    weekday = WEEKDAYS[language][value.weekday()]
    if language is Language.JA:
        return f"{value.month}月{value.day}日({weekday})"
    return f"{weekday} {value.day} {MONTHS[value.month - 1]}"


def clock_time(value: datetime | time, language: Language) -> str:
    """Local wall-clock time, 24 hours in both languages: 9:05."""
    return f"{value.hour}:{value.minute:02d}"
