"""The App Home: today's list for salespeople, the way in for everyone else."""

from bot.texts import text
from bot.views.blocks import MAX_HOME_BLOCKS, Block, context, header, section
from bot.views.daily_list import ListPage, daily_list
from models.enums import Language


def home_with_list(page: ListPage) -> Block:
    """Today's list with its buttons, as in the message."""
    hint = context(text("home.hint", page.language), "hint")
    return _home([*daily_list(page), hint])


def home_without_list(name: str, language: Language) -> Block:
    """There is no list today (yet)."""
    return _home(
        [
            header(text("home.title", language), "title"),
            section(text("home.no_list", language, name=name), "no_list"),
            context(text("home.hint", language), "hint"),
        ]
    )


def home_for_stranger(language: Language) -> Block:
    """Someone callfirst does not know: what this is, and whom to ask."""
    return _home(
        [
            header(text("home.title", language), "title"),
            section(text("home.stranger", language), "stranger"),
        ]
    )


def _home(blocks: list[Block]) -> Block:
    return {"type": "home", "blocks": blocks[:MAX_HOME_BLOCKS]}
