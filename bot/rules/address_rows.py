"""A file of addresses that must not be mailed: every row is one address."""

from collections.abc import Iterator

from bot.rules.cleaning import BadCell, clean_address
from bot.rules.headings import Column
from bot.rules.lead_rows import LONGEST_SHOWN, Fault
from bot.rules.reading import Table


def read_addresses(table: Table) -> Iterator[str | Fault]:
    """The key of each row's address, or what is wrong with the row."""
    place = table.places[Column.EMAIL]
    heading = table.heading(Column.EMAIL)
    for line, cells in table.rows():
        if cells is None:
            yield Fault(line, "", "", "import.broken_quotes")
            continue
        cell = cells[place] if place < len(cells) else ""
        try:
            address = clean_address(cell)
        except BadCell as bad:
            yield Fault(line, heading, cell[:LONGEST_SHOWN], bad.key)
            continue
        if address is None:
            yield Fault(line, heading, cell[:LONGEST_SHOWN], "import.no_address")
        else:
            yield address.key or address.email.lower()
