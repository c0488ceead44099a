"""Telephone numbers as written on cards → E.164, with what else stood there as a note."""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from bot.rules.cleaning import clean_text, cut, is_empty

HOME = "JP"  # numbers without a country code are read as dialled here
LONGEST_WRITTEN = 40

PLAIN = re.compile(r"0[\d-]{8,12}\d", re.ASCII)
AT_HOME = re.compile(r"0(?:[2-9]\d{8,9}|1[1-9]\d{7})", re.ASCII)  # 010 dials abroad
EXCEL_FLOAT = re.compile(r"\d{8,15}\.0", re.ASCII)
ANY_DASH = re.compile("[\u2010-\u2015\u2212ー]")
AROUND_A_NOTE = " 　/|,;:・、()[]"


class Phone(NamedTuple):
    """A number in E.164 where it can be read, else as written and `doubtful`."""

    number: str
    note: str = ""  # 代表, an extension
    second: str = ""  # another number in the same cell
    doubtful: bool = False


def clean_phone(cell: str) -> Phone | None:
    """The number in a cell, None for none. Never raises: what cannot be read is kept as written."""
    if PLAIN.fullmatch(cell) and cell[:2] != "00":
        number = _dialled_at_home(cell.replace("-", ""))
        return Phone(number) if number else Phone(cell, doubtful=True)
    if is_empty(cell):
        return None
    written = clean_text(cell)
    digits = ANY_DASH.sub("-", written)
    if EXCEL_FLOAT.fullmatch(digits):
        digits = digits.removesuffix(".0")
    return _whole(digits) or _matched(digits) or _unread(written)


def _dialled_at_home(digits: str) -> str | None:
    if AT_HOME.fullmatch(digits) and _exists(digits[:5], len(digits)):
        return f"+81{digits[1:]}"
    return None


@lru_cache(maxsize=65_536)
def _exists(prefix: str, length: int) -> bool:
    """Whether numbers of this beginning and length exist: nothing after digit 5 decides that."""
    from phonenumbers import is_valid_number, parse

    return is_valid_number(parse(prefix.ljust(length, "0"), HOME))


def _whole(text: str) -> Phone | None:
    """The cell as one number, with Excel's lost zero given back and an extension taken off."""
    from phonenumbers import NumberParseException, is_valid_number, parse

    try:
        number = parse(text, HOME)
    except NumberParseException:
        return None
    if not is_valid_number(number):
        return None
    return Phone(_e164(number), f"ext. {number.extension}" if number.extension else "")


def _matched(text: str) -> Phone | None:
    """The numbers inside other words; the words are the note."""
    from phonenumbers import PhoneNumberMatcher

    found = list(PhoneNumberMatcher(text, HOME))
    if not found:
        return None
    words = list(text)
    for match in found:
        words[match.start : match.end] = " " * (match.end - match.start)
    note = cut(" ".join("".join(words).split()).strip(AROUND_A_NOTE), LONGEST_WRITTEN)
    numbers = [_e164(match.number) for match in found]
    return Phone(numbers[0], note, next((n for n in numbers if n != numbers[0]), ""))


def _unread(text: str) -> Phone | None:
    if not any(unicodedata.category(character) == "Nd" for character in text):
        return None
    return Phone(cut(text, LONGEST_WRITTEN), doubtful=True)


def _e164(number: object) -> str:
    from phonenumbers import PhoneNumber, PhoneNumberFormat, format_number

    assert isinstance(number, PhoneNumber)
    return format_number(number, PhoneNumberFormat.E164)
