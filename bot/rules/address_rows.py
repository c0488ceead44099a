"""A file of addresses that must not be mailed: every address in a row counts."""

from collections.abc import Iterator

from bot.rules.cleaning import BadCell, address_cells, clean_address
from bot.rules.headings import Column
from bot.rules.lead_rows import LONGEST_SHOWN, Fault
from bot.rules.reading import Table


def read_addresses(table: Table) -> Iterator[str | Fault]:
    """The key of each address of each row, or what is wrong with it."""
    place = table.places[Column.EMAIL]
    heading = table.heading(Column.EMAIL)
    for line, cells in table.rows():
        if cells is None:
            yield Fault(line, "", "", "import.broken_quotes")
            continue
        cell = cells[place] if place < len(cells) else ""
        for part in address_cells(cell):
            yield _read(line, heading, part)


def _read(line: int, heading: str, cell: str) -> str | Fault:
    try:
        address = clean_address(cell)
    except BadCell as bad:
        return Fault(line, heading, cell[:LONGEST_SHOWN], bad.key)
    if address is None:
        return Fault(line, heading, cell[:LONGEST_SHOWN], "import.no_address")
    return address.key or address.email.lower()
