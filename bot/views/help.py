"""What `/callfirst` understands."""

from difflib import get_close_matches

from bot.texts import text
from bot.views.blocks import Block, escape, section
from models.enums import Language

WORDS = {
    "": "today",
    "today": "today",
    "今日": "today",
    "きょう": "today",
    "リスト": "today",
    "list": "today",
    "help": "help",
    "ヘルプ": "help",
    "使い方": "help",
}


def understand(typed: str) -> tuple[str | None, str | None]:
    """The command meant, and for an unknown word the nearest known one."""
    word = " ".join(typed.split()).casefold()
    if word in WORDS:
        return WORDS[word], None
    near = get_close_matches(word, [known for known in WORDS if known], n=1, cutoff=0.5)
    return None, near[0] if near else None


def help_blocks(
    language: Language, minutes: int, unknown: str = "", nearest: str | None = None
) -> list[Block]:
    """The help, led by what was not understood. `minutes` is how long an outcome can be undone."""
    lines = []
    if unknown:
        lines.append(text("help.unknown", language, word=escape(unknown, 60)))
    if nearest:
        lines.append(text("help.nearest", language, word=nearest))
    return [section("\n".join([*lines, text("help.text", language, minutes=minutes)]), "help")]
