"""Text as people type it into tables → text as callfirst keeps and compares it.

What was written stays readable (NFKC, nothing hidden in it); what is compared is a key beside it.
An address callfirst can read but must not use (old docomo forms) is kept without a key: without
one it has no consent, no delivery and no mail, ever.
"""

import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import NamedTuple

from bot.rules.headings import HYPHENS

GUARDED_CELL = re.compile("'(?=[=+@\\-\t\r\n＝＋－＠])")  # our own export's guard against formulas
LONGEST_TEXT = 200  # of a name, company, department or title
EMPTY_WORDS = {
    "",
    "-",
    "--",
    "―",
    "n/a",
    "na",
    "none",
    "null",
    "なし",
    "無し",
    "無",
    "不明",
    "#n/a",
}

UNSEEN = re.compile("[\u200b\u200e\u200f\u061c\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
USUAL = "[!-~ぁ-ゖァ-ヺー一-鿿]+"
CLEAN_ALREADY = re.compile(f"(?!'){USUAL}(?: {USUAL})*")  # as nearly every cell is
SPACES = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
LONG_MARK_AS_HYPHEN = re.compile("(?<![ぁ-ヿー])ー")  # after kana it lengthens a sound
COMPANY_FORMS = re.compile(
    r"^(?:株式会社|有限会社|合同会社|合資会社|合名会社|\((?:株|有|同|資|名)\))"
    r"|(?:株式会社|有限会社|合同会社|合資会社|合名会社|\((?:株|有|同|資|名)\))$"
    r"|[\s,]+(?:co\.?[\s,]*ltd|company,?\s+limited|limited|ltd|inc|incorporated|corp|corporation"
    r"|co|company|k\.?k|llc|l\.l\.c|llp|plc|gmbh|ag|pte|pty|s\.?a)\.?$"
)

WORD = "[A-Za-z0-9]+"
PLAIN_ADDRESS = re.compile(
    rf"({WORD}(?:[._+-]{WORD})*)@((?:{WORD}(?:-{WORD})*\.)+([A-Za-z]{{2,63}}))", re.ASCII
)
NOT_ON_THE_INTERNET = {"arpa", "invalid", "local", "localhost", "onion", "test"}
IN_BRACKETS = re.compile(r"<\s*(?:mailto:)?([^<>]*@[^<>]*)>", re.IGNORECASE)
BETWEEN_ADDRESSES = re.compile(r"[\s,;、/]+")
LOOSE_DOTS = re.compile(r"\.{2,}")


class BadCell(Exception):
    """A cell that cannot be read. `key` and `values` say why, as a text; `value` is the cell."""

    def __init__(self, key: str, value: str, **values: object) -> None:
        super().__init__(f"{key} {value!r}")
        self.key = key
        self.value = value
        self.values = values


@contextmanager
def unreadable_as(key: str, value: str) -> Iterator[None]:
    """ValueError inside becomes BadCell."""
    try:
        yield
    except ValueError as error:
        raise BadCell(key, value) from error


class Address(NamedTuple):
    """An e-mail address as kept, and as matched; no key means: kept, and never mailed."""

    email: str
    key: str | None
    more: bool = False  # the cell held further addresses


def clean_text(cell: str) -> str:
    """NFKC, in one line, without NUL, control and direction marks; single spaces."""
    if CLEAN_ALREADY.fullmatch(cell):
        return cell
    seen = UNSEEN.sub("", unguarded(cell)).replace("\0", "")
    return SPACES.sub(" ", unicodedata.normalize("NFKC", seen)).strip()


def unguarded(cell: str) -> str:
    """The cell without the mark our own export puts before what a spreadsheet would compute."""
    return GUARDED_CELL.sub("", cell, count=1) if cell[:1] == "'" else cell


def is_empty(cell: str) -> bool:
    """Nothing, or a word people write for nothing (N/A, なし, -)."""
    return len(cell) <= 20 and clean_text(cell).casefold() in EMPTY_WORDS


def cut(text: str, longest: int = LONGEST_TEXT) -> str:
    return text[:longest].rstrip()


def name_key(name: str) -> str:
    """A person's name as compared: no spaces, no case."""
    return clean_text(name).replace(" ", "").casefold()


@lru_cache(maxsize=65_536)
def company_key(company: str) -> str:
    """A company's name as compared: without legal form, spaces and case, with one hyphen.

    No key holds a space, so keys with one are free for other uses.
    """
    name = clean_text(company).casefold()
    bare, before = name, ""
    while bare != before:
        before, bare = bare, COMPANY_FORMS.sub("", bare, count=1).strip(" ,")
    bare = SPACES.sub("", bare or name)
    return LONG_MARK_AS_HYPHEN.sub("-", HYPHENS.sub("-", bare))


def clean_address(cell: str) -> Address | None:
    """The first address in a cell. Raises BadCell when there is something else in it."""
    written = unguarded(cell.strip())
    plain = PLAIN_ADDRESS.fullmatch(written)
    if plain and len(plain[1]) <= 64 and len(plain[2]) <= 63:  # no label can be longer then
        if plain[3].lower() in NOT_ON_THE_INTERNET:
            raise BadCell("import.bad_address", cell)
        return Address(f"{plain[1]}@{plain[2].lower()}", written.lower())
    if is_empty(written):
        return None
    if "\n" in written or "\r" in written or UNSEEN.search(written):
        raise BadCell("import.bad_address", cell)
    found = _candidates(unicodedata.normalize("NFKC", written))
    if not found:
        raise BadCell("import.bad_address", cell)
    with unreadable_as("import.bad_address", cell):
        return _validated(found[0])._replace(more=len(found) > 1)


def address_cells(cell: str) -> list[str]:
    """The cell, or its parts when it holds several addresses: each is read on its own."""
    found = _candidates(unicodedata.normalize("NFKC", unguarded(cell.strip())))
    return found if len(found) > 1 else [cell]


def _candidates(text: str) -> list[str]:
    bracketed = IN_BRACKETS.findall(text)
    pieces = bracketed or BETWEEN_ADDRESSES.split(text)
    tidy = (piece.strip(" 。,'\"").rstrip(".").removeprefix("mailto:") for piece in pieces)
    return [piece for piece in tidy if "@" in piece]


def _validated(address: str) -> Address:
    from email_validator import EmailNotValidError, validate_email  # slow to load; seldom needed

    def validate(text: str) -> str:
        found = validate_email(text, check_deliverability=False, allow_smtputf8=False)
        return found.ascii_email or found.normalized

    try:
        email = validate(address)
        return Address(email, email.lower())
    except EmailNotValidError:
        local, _, domain = address.rpartition("@")
        tidy = LOOSE_DOTS.sub(".", local).strip(".")
        if tidy == local:
            raise
        validate(f"{tidy}@{domain}")
        return Address(address, None)
