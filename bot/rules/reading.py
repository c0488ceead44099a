"""CSV as people have it: bytes in, a table out whose rows come one at a time.

Encodings are tried in the order that cannot misread: a BOM, strict UTF-8, then cp932 (never
shift_jis, which refuses ㈱ and 髙). EUC-JP would pass as half-width kana, so it is named and
refused. Rows keep the number of the physical line they start on.
"""

import codecs
import csv
import io
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.rules.headings import Column, recognised

HEADER_WITHIN = 20  # lines; Eight writes 8 lines of notes first
MOST_LINES_IN_A_ROW = 50  # a quote open for longer was never meant to be one
DELIMITERS = (",", "\t", ";", "|")
CHUNK = 1 << 20
NOT_CP932 = re.compile("[\x80\uf8f0-\uf8f3]")  # what Python makes of bytes cp932 does not have
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

RawRow = tuple[int, list[str] | None]  # line, cells; None when the row's quotes are broken


class Unreadable(Exception):
    """The whole file cannot be read. `key` and `values` say why, as a text."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(f"{key} {values}")
        self.key = key
        self.values = values


@dataclass(frozen=True)
class Table:
    """A readable file: where its columns stand, and its rows below the header."""

    data: bytes
    encoding: str
    delimiter: str
    header_line: int
    headings: tuple[str, ...]
    places: dict[Column, int]

    def rows(self) -> Iterator[RawRow]:
        """Every row that is not empty, read as it is asked for."""
        for line, cells in _records(self.data, self.encoding, self.delimiter):
            if line > self.header_line and (cells is None or any(map(str.strip, cells))):
                yield line, cells

    def heading(self, column: Column) -> str:
        """The column's heading as the file writes it."""
        return self.headings[self.places[column]].strip()


def read_table(data: bytes, needed: Sequence[Column], without: str = "import.no_column") -> Table:
    """The table in a file. Without any of the `needed` columns it is Unreadable(`without`)."""
    if data[:2] == b"PK" or data[:4] == b"\xd0\xcf\x11\xe0":
        raise Unreadable("import.not_csv")
    encoding = detect_encoding(data)
    delimiter, line, headings = _find_header(data, encoding)
    found = recognised(headings)
    places = {column: place for place, column in reversed(found)}
    if len(places) < len(found):
        doubled = next(place for place, column in found if places[column] != place)
        raise Unreadable("import.column_doubled", column=headings[doubled].strip(), line=line)
    if not any(column in places for column in needed):
        raise Unreadable(without, line=line)
    return Table(data, encoding, delimiter, line, tuple(headings), places)


def detect_encoding(data: bytes) -> str:
    """The encoding of a file, or Unreadable naming the first line that fits none."""
    encoding = next((name for bom, name in BOMS if data.startswith(bom)), "utf-8")
    broken = _undecodable_at(data, encoding)
    if broken is None:
        return encoding
    if encoding != "utf-8" or _was_utf8(data[:broken]):
        raise Unreadable("import.undecodable", line=_line_of(data, broken))
    if _undecodable_at(data, "euc_jp") is None:
        raise Unreadable("import.euc_jp", line=_line_of(data, broken))
    broken = _undecodable_at(data, "cp932")
    if broken is not None:
        raise Unreadable("import.undecodable", line=_line_of(data, broken))
    return "cp932"


def _was_utf8(data: bytes) -> bool:
    """Three kana or kanji in UTF-8 before the first fault: a damaged file, not a cp932 one."""
    text = data[-CHUNK:].decode("utf-8", "ignore")
    return sum(character >= "\u0800" for character in text) >= 3


def _undecodable_at(data: bytes, encoding: str) -> int | None:
    """The offset at which the bytes stop being `encoding`, in flat memory."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    for start in range(0, len(data) + 1, CHUNK):
        chunk = data[start : start + CHUNK]
        kept = len(decoder.getstate()[0]) if start else 0
        try:
            text = decoder.decode(chunk, final=start + CHUNK > len(data))
        except UnicodeDecodeError as error:
            return max(start - kept + error.start, 0)
        if encoding == "cp932" and (found := NOT_CP932.search(text)):
            return start - kept + len(text[: found.start()].encode(encoding))
    return None


def _line_of(data: bytes, offset: int) -> int:
    return data.count(b"\n", 0, offset) + 1


def _find_header(data: bytes, encoding: str) -> tuple[str, int, list[str]]:
    """The first line with the most known headings, under the delimiter that finds most."""
    best: tuple[int, str, int, list[str]] = (0, ",", 0, [])
    for delimiter in DELIMITERS:
        for line, cells in _records(data, encoding, delimiter):
            if line > HEADER_WITHIN:
                break
            known = len(recognised(cells)) if cells else 0
            if cells and known > best[0]:
                best = (known, delimiter, line, cells)
    if best[0] == 0:
        raise Unreadable("import.no_header", lines=HEADER_WITHIN)
    return best[1:]


class _Lines:
    """Physical lines for the csv reader; a row that ran away can be taken back."""

    def __init__(self, data: bytes, encoding: str) -> None:
        self._stream = io.TextIOWrapper(io.BytesIO(data), encoding, newline="")
        self._again: deque[str] = deque()
        self._row: list[str] = []
        self.start = 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self._row) >= MOST_LINES_IN_A_ROW:
            raise csv.Error("a quote is never closed")
        line = self._again.popleft() if self._again else next(self._stream)
        self._row.append(line)
        return line.replace("\0", "") if "\0" in line else line

    def row_done(self) -> None:
        self.start += len(self._row)
        self._row.clear()

    def skip_first_line(self) -> None:
        """Give back all lines of the broken row but the first."""
        self._again.extendleft(reversed(self._row[1:]))
        self.start += 1
        self._row.clear()


def _records(data: bytes, encoding: str, delimiter: str) -> Iterator[RawRow]:
    lines = _Lines(data, encoding)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield lines.start, None
            lines.skip_first_line()
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
        else:
            yield lines.start, cells
            lines.row_done()
