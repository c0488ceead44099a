"""The sandbox page's own sentences, so that the product's catalogue stays the product's."""

import tomllib
from functools import cache
from importlib.resources import files

LANGUAGES = ("ja", "en")


@cache
def words(language: str) -> dict[str, str]:
    """All sentences of the page in one language."""
    source = files("bot.sandbox").joinpath(f"words_{language}.toml").read_text("utf-8")
    return tomllib.loads(source)


def say(key: str, language: str, **values: object) -> str:
    """A sentence of the page with its slots filled. Raises KeyError for an unknown key."""
    return words(language)[key].format(**values)
