"""Block Kit as plain dicts, cut to Slack's limits so that the API never refuses a message."""

from collections.abc import Sequence
from typing import Any

Block = dict[str, Any]

MAX_BLOCKS = 50  # a message; a modal or Home may hold 100
MAX_HOME_BLOCKS = 100
MAX_SECTION = 3000
MAX_HEADER = 150
MAX_BUTTON = 75
MAX_VALUE = 2000
MAX_MESSAGE = 13_000  # letters of all blocks together; measured by users, undocumented
MAX_TITLE = 24


def cut(value: str, limit: int) -> str:
    """The text, or its beginning and an ellipsis when it is longer than `limit`."""
    return value if len(value) <= limit else value[: limit - 1] + "…"


def escape(value: str, limit: int = 300) -> str:
    """Data as literal text in mrkdwn: Slack's three signs escaped, marks that turn text removed.

    Cut before escaping, so that no entity is cut in half.
    """
    clean = one_line(value, limit).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for mark in "*_~`":  # a zero-width joiner after a mark keeps it from opening a format
        clean = clean.replace(mark, mark + "\u2060")
    return clean


def one_line(value: str, limit: int) -> str:
    """Data as one line of plain text: control and direction marks out, spaces folded, cut."""
    if not value.isprintable():  # no control or direction mark is printable
        value = "".join(sign for sign in value if _is_text(sign))
    return cut(" ".join(value.split()), limit)


JOINER = "\u200d"  # holds composed emoji together
TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f"


def _is_text(sign: str) -> bool:
    return (sign.isprintable() or sign.isspace() or sign == JOINER) and sign not in TURNING


def plain(value: str, limit: int) -> Block:
    return {"type": "plain_text", "text": one_line(value, limit) or "-", "emoji": False}


def mrkdwn(value: str) -> Block:
    return {"type": "mrkdwn", "text": cut(value, MAX_SECTION) or " "}


def header(value: str, block_id: str | None = None) -> Block:
    return _with_id({"type": "header", "text": plain(value, MAX_HEADER)}, block_id)


def section(value: str, block_id: str | None = None, accessory: Block | None = None) -> Block:
    """mrkdwn text; what users wrote must have gone through `escape`."""
    block: Block = {"type": "section", "text": mrkdwn(value)}
    if accessory:
        block["accessory"] = accessory
    return _with_id(block, block_id)


def context(value: str, block_id: str | None = None) -> Block:
    return _with_id({"type": "context", "elements": [mrkdwn(value)]}, block_id)


def button(
    label: str, action_id: str, value: str, *, spoken: str = "", style: str | None = None
) -> Block:
    """`spoken` is the accessible label, for rows whose labels repeat."""
    drawn: Block = {
        "type": "button",
        "text": plain(label, MAX_BUTTON),
        "action_id": action_id,
        "value": cut(value, MAX_VALUE),
    }
    if spoken:
        drawn["accessibility_label"] = one_line(spoken, MAX_BUTTON)
    if style:
        drawn["style"] = style
    return drawn


def actions(elements: Sequence[Block], block_id: str | None = None) -> Block:
    return _with_id({"type": "actions", "elements": list(elements)}, block_id)


def _with_id(block: Block, block_id: str | None) -> Block:
    if block_id:
        block["block_id"] = block_id
    return block
