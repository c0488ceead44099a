"""One row of a customer file → a cleaned lead, or the one fault that rejects it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple, TypeVar

from bot.rules.amounts import clean_date, clean_money
from bot.rules.cleaning import (
    EMPTY_WORDS,
    LONGEST_TEXT,
    Address,
    BadCell,
    clean_address,
    clean_text,
    company_key,
    cut,
    name_key,
)
from bot.rules.headings import Column
from bot.rules.phones import Phone, clean_phone
from bot.rules.reading import RawRow, Table
from models.enums import Basis, Language

T = TypeVar("T")

LONGEST_SHOWN = 100  # of a cell in a report
LONGEST_EMPTY_WORD = max(map(len, EMPTY_WORDS))
FUTURE_FROM = timedelta(days=2)  # a day ahead may be another zone's today

BASES = {
    "consent": Basis.CONSENT,
    "同意": Basis.CONSENT,
    "business_card": Basis.BUSINESS_CARD,
    "business card": Basis.BUSINESS_CARD,
    "名刺": Basis.BUSINESS_CARD,
    "名刺交換": Basis.BUSINESS_CARD,
    "trade": Basis.TRADE,
    "取引": Basis.TRADE,
    "取引関係": Basis.TRADE,
    "published": Basis.PUBLISHED,
    "公表": Basis.PUBLISHED,
    "公開": Basis.PUBLISHED,
}
LANGUAGES = {
    "ja": Language.JA,
    "日本語": Language.JA,
    "japanese": Language.JA,
    "en": Language.EN,
    "英語": Language.EN,
    "english": Language.EN,
}


@dataclass(frozen=True)
class Fault:
    """What is wrong with one cell: a text key and its values, said in the reader's language."""

    line: int
    column: str  # heading as the file writes it
    value: str
    key: str


class LeadRow(NamedTuple):
    """A cleaned row. A tuple, because a file has 100,000 of them. Empty is None."""

    line: int
    company: str | None
    company_key: str | None
    name: str | None
    name_key: str | None
    department: str | None
    title: str | None
    address: Address | None
    phone: Phone | None
    mobile: str | None
    last_deal_on: date | None
    yearly_profit: int | None
    yearly_sales: int | None
    salesperson: str | None
    card_on: date | None
    basis: Basis | None
    source: str | None
    language: Language | None


class Read(NamedTuple):
    """What became of one row of the file: a lead with remarks, or a fault that rejects it."""

    line: int
    lead: LeadRow | None
    fault: Fault | None = None
    remarks: tuple[Fault, ...] = ()


def read_leads(table: Table, today: date) -> Iterator[Read]:
    """Every row of a customer file, cleaned, in the file's order."""
    places = [table.places.get(column) for column in Column]
    future = today + FUTURE_FROM
    return (_read(table, places, row, future) for row in table.rows())


class _Rejected(Exception):
    """The row cannot be kept."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.key)
        self.fault = fault


def _read(table: Table, places: list[int | None], raw: RawRow, future: date) -> Read:
    line, cells = raw
    try:
        if cells is None:
            raise _Rejected(Fault(line, "", "", "import.broken_quotes"))
        row = _Row(line, _picked(line, cells, places, len(table.headings)), table, future)
        lead = row.lead()
    except _Rejected as rejected:
        return Read(line, None, rejected.fault)
    return Read(line, lead, remarks=tuple(row.remarks))


def _picked(line: int, cells: list[str], places: list[int | None], width: int) -> "_Cells":
    """The known cells in our order; a row longer than the header has lost its columns."""
    missing = width - len(cells)
    if missing > 0:
        cells = cells + [""] * missing
    elif missing < 0 and (extra := next(filter(str.strip, cells[width:]), "")):
        raise _Rejected(Fault(line, "", extra[:LONGEST_SHOWN], "import.too_many_cells"))
    return _Cells._make(["" if place is None else cells[place] for place in places])


class _Cells(NamedTuple):
    """The cells of a row as written, one for each Column, in Column's order."""

    company: str
    name: str
    family_name: str
    given_name: str
    department: str
    title: str
    email: str
    phone: str
    phone_company: str
    phone_department: str
    phone_direct: str
    mobile: str
    last_deal: str
    profit: str
    sales: str
    salesperson: str
    card: str
    basis: str
    source: str
    language: str


class _Row:
    """One row being cleaned, with the remarks made so far."""

    __slots__ = ("line", "cells", "table", "future", "remarks")

    def __init__(self, line: int, cells: _Cells, table: Table, future: date) -> None:
        self.line = line
        self.cells = cells
        self.table = table
        self.future = future
        self.remarks: list[Fault] = []

    def lead(self) -> LeadRow:
        cells = self.cells
        name = self.name()
        company = self.text(cells.company, Column.COMPANY)
        if not name and not company:
            raise _Rejected(self.fault("import.nobody", self.name_column(), cells.name))
        phone, mobile = self.numbers()
        return LeadRow(
            line=self.line,
            company=company,
            company_key=company_key(company) if company else None,
            name=name,
            name_key=name_key(name) if name else None,
            department=self.text(cells.department, Column.DEPARTMENT),
            title=self.text(cells.title, Column.TITLE),
            address=self.address(),
            phone=phone,
            mobile=mobile,
            last_deal_on=self.day(cells.last_deal, Column.LAST_DEAL),
            yearly_profit=self.value(cells.profit, Column.PROFIT, clean_money),
            yearly_sales=self.value(cells.sales, Column.SALES, clean_money),
            salesperson=self.text(cells.salesperson, Column.SALESPERSON),
            card_on=self.day(cells.card, Column.CARD),
            basis=self.value(cells.basis, Column.BASIS, _basis),
            source=self.text(cells.source, Column.SOURCE),
            language=self.value(cells.language, Column.LANGUAGE, _language),
        )

    def name(self) -> str | None:
        """氏名, or 姓 and 名 in the order of their script. Spaces alone are a fault."""
        cells = self.cells
        written = cells.name
        if not written and (cells.family_name or cells.given_name):
            western = (cells.family_name + cells.given_name).isascii()
            parts = (cells.family_name, cells.given_name)
            written = " ".join(reversed(parts) if western else parts)
        if not written:
            return None
        name = clean_text(written)
        if not name:
            raise _Rejected(self.fault("import.blank_name", self.name_column(), written))
        return name if len(name) <= LONGEST_TEXT else self.cut(name, self.name_column())

    def name_column(self) -> Column:
        return Column.NAME if Column.NAME in self.table.places else Column.FAMILY_NAME

    def address(self) -> Address | None:
        cell = self.cells.email
        address = self.value(cell, Column.EMAIL, clean_address)
        if address and address.more:
            self.remark("import.more_addresses", Column.EMAIL, cell)
        if address and address.key is None:
            self.remark("import.not_mailable", Column.EMAIL, cell)
        return address

    def numbers(self) -> tuple[Phone | None, str | None]:
        """The number to call and the mobile one; a second number is kept where there is room."""
        cells = self.cells
        phone = (
            self.number(cells.phone, Column.PHONE)
            or self.number(cells.phone_company, Column.PHONE_COMPANY)
            or self.number(cells.phone_department, Column.PHONE_DEPARTMENT)
            or self.number(cells.phone_direct, Column.PHONE_DIRECT)
        )
        mobile = self.number(cells.mobile, Column.MOBILE)
        if phone and phone.second and mobile:
            phone = phone._replace(note=f"{phone.note} {phone.second}".strip())
        elif phone and phone.second:
            return phone, phone.second
        return phone, mobile.number if mobile else None

    def number(self, cell: str, column: Column) -> Phone | None:
        phone = clean_phone(cell) if cell else None
        if phone and phone.doubtful:
            self.remark("import.bad_phone", column, cell)
        return phone

    def day(self, cell: str, column: Column) -> date | None:
        found = self.value(cell, column, clean_date)
        if found and found >= self.future:
            self.remark("import.future_date", column, cell)
        return found

    def text(self, cell: str, column: Column) -> str | None:
        if not cell:
            return None
        text = clean_text(cell)
        if len(text) <= LONGEST_EMPTY_WORD and text.casefold() in EMPTY_WORDS:
            return None
        return text if len(text) <= LONGEST_TEXT else self.cut(text, column)

    def cut(self, text: str, column: Column) -> str:
        self.remark("import.cut", column, text)
        return cut(text)

    def value(self, cell: str, column: Column, clean: Callable[[str], T | None]) -> T | None:
        """A cell through its cleaner, whose refusal rejects the row."""
        if not cell:
            return None
        try:
            return clean(cell)
        except BadCell as bad:
            raise _Rejected(self.fault(bad.key, column, cell)) from bad

    def remark(self, key: str, column: Column, cell: str) -> None:
        self.remarks.append(self.fault(key, column, cell))

    def fault(self, key: str, column: Column, cell: str) -> Fault:
        heading = self.table.heading(column) if column in self.table.places else ""
        return Fault(self.line, heading, cell[:LONGEST_SHOWN], key)


def _basis(cell: str) -> Basis | None:
    return _listed(BASES, cell, "import.bad_basis")


def _language(cell: str) -> Language | None:
    return _listed(LANGUAGES, cell, "import.bad_language")


def _listed(known: dict[str, T], cell: str, key: str) -> T | None:
    text = clean_text(cell).casefold()
    if text in EMPTY_WORDS:
        return None
    if text not in known:
        raise BadCell(key, cell)
    return known[text]
