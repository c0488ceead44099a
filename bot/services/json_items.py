"""Reading a JSON array so that a bad item is only itself bad.

Numbers too long, NaN, brackets a thousand deep and broken items make Python's reader give up on
all of it; here the good items are still read.
"""

import json
import re
from collections.abc import Iterable, Iterator
from json.decoder import scanstring  # type: ignore[attr-defined]  # written in C, not in the stubs
from typing import Any

LONGEST_INTEGER = 19  # digits: what 64 bits hold
BOUNDARY = re.compile(r'["\[\]{},]')


def read_items(text: str) -> Iterable[tuple[Any, bytes | None]]:
    """Each item, with its own bytes if the text could not be read as a whole (then an item that
    cannot be read is None). Raises ValueError when not even the items can be told apart."""
    try:
        return [(item, None) for item in _decode(text)]
    except (ValueError, RecursionError):
        parts = list(_split(text))
        return ((_decode_part(part), part.encode("utf-8")) for part in parts)


def encode(item: Any) -> str:
    """Compact JSON. Raises ValueError for NaN and infinity, RecursionError for a deep one."""
    return _encoder.encode(item)


def item_bytes(item: Any) -> bytes:
    """An item as JSON again, whatever it holds."""
    try:
        return json.dumps(item).encode("ascii")
    except RecursionError:
        return repr(type(item)).encode("ascii")


def _integer(digits: str) -> float:
    """One too long for any field becomes "not a number", which `encode` refuses."""
    return int(digits) if len(digits) <= LONGEST_INTEGER else float("nan")


_decode = json.JSONDecoder(parse_int=_integer).decode
_encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _decode_part(part: str) -> Any:
    try:
        return _decode(part)
    except (ValueError, RecursionError):
        return None


def _split(text: str) -> Iterator[str]:
    """The texts of the items of an array, found by brackets and commas alone. Linear in length."""
    depth, start, place = 0, 0, 0
    while found := BOUNDARY.search(text, place):
        sign, place = found[0], found.end()
        if sign == '"':
            _, place = scanstring(text, place, False)
        elif sign in "[{":
            depth += 1
            start = place if depth == 1 else start
        elif sign in "]}":
            depth -= 1
        if (sign == "," and depth == 1) or (sign in "]}" and depth == 0):
            yield text[start : place - 1].strip()
            start = place
        if depth == 0 and sign in "]}":
            break
    if depth or text[place:].strip():
        raise ValueError("the array does not end where the text ends")
