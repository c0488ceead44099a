"""Dates and money as written in Japanese and English tables."""

import re
import unicodedata
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

from bot.rules.cleaning import BadCell, is_empty, unguarded, unreadable_as

EXCEL_DAY_ZERO = date(1899, 12, 30)
EXCEL_DAYS = range(10_000, 80_000)  # 1927 to 2119: a five-digit number is meant as a date
YEARS = range(1900, 2200)
MOST_MONEY = 10**15
ERAS = {"R": 2018, "令和": 2018, "H": 1988, "平成": 1988, "S": 1925, "昭和": 1925}

AFTER_DATE = r"(?:[ T日]?\s*\(?[月火水木金土日]?\)?\s*\d{1,2}:\d{2}.*)?"
WESTERN = re.compile(rf"(\d{{4}})[-/.年](\d{{1,2}})[-/.月](\d{{1,2}})日?{AFTER_DATE}", re.ASCII)
COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
JAPANESE = re.compile(
    r"(R|H|S|令和|平成|昭和)\.?(\d{1,2}|元)[-/.年](\d{1,2})[-/.月](\d{1,2})日?", re.IGNORECASE
)
EXCEL_NUMBER = re.compile(r"(\d{5})(?:\.\d+)?", re.ASCII)
MONEY = re.compile(r"(\d+(?:\.\d+)?)(億|百万|万|千)?円?", re.ASCII)
MINUS = re.compile(r"^[-△▲−‐–]|^\((?=.*\)$)")
UNITS = {"億": 10**8, "百万": 10**6, "万": 10**4, "千": 10**3, None: 1}


@lru_cache(maxsize=16_384)
def clean_date(cell: str) -> date | None:
    """2026/11/03, 2026-11-03, 2026年11月3日, R8.11.3, Excel's 46329. Raises BadCell otherwise."""
    if is_empty(cell):
        return None
    text = unicodedata.normalize("NFKC", unguarded(cell)).strip()
    with unreadable_as("import.bad_date", cell):
        found = _date(text)
        if found.year not in YEARS:
            raise ValueError(text)
        return found


def _date(text: str) -> date:
    if match := WESTERN.fullmatch(text) or COMPACT.fullmatch(text):
        return date(int(match[1]), int(match[2]), int(match[3]))
    if match := JAPANESE.fullmatch(text):
        year = 1 if match[2] == "元" else int(match[2])
        return date(ERAS[match[1].upper()] + year, int(match[3]), int(match[4]))
    match = EXCEL_NUMBER.fullmatch(text)
    if match and int(match[1]) in EXCEL_DAYS:
        return EXCEL_DAY_ZERO + timedelta(days=int(match[1]))
    raise ValueError(text)


def clean_money(cell: str) -> int | None:
    """¥1,200,000, 120万円, △300, (300), -300: whole units. Raises BadCell otherwise."""
    plain = cell.replace(",", "")
    if plain.isascii() and plain.isdigit() and len(plain) < 15:
        return int(plain)
    if is_empty(cell):
        return None
    text = unicodedata.normalize("NFKC", unguarded(cell))
    for mark in (" ", ",", "¥", "\\", "$", "€", "JPY", "\t"):
        text = text.replace(mark, "")
    bare = MINUS.sub("", text, count=1)
    negative = bare != text
    match = MONEY.fullmatch(bare.removesuffix(")") if text.startswith("(") else bare)
    if not match:
        raise BadCell("import.bad_money", cell)
    amount = round(Decimal(match[1]) * UNITS[match[2]])
    if amount > MOST_MONEY:
        raise BadCell("import.bad_money", cell)
    return -amount if negative else amount
