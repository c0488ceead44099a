"""Word lists for a sample company: common names, invented firms. Any likeness is chance."""

import tomllib
from importlib.resources import files

LISTS: dict[str, list[str]] = tomllib.loads(
    files("bot.sandbox").joinpath("sample/names.toml").read_text("utf-8")
)


def _pairs(name: str) -> list[tuple[str, str]]:
    """A list of `written spelled` entries."""
    entries = (entry.split() for entry in LISTS[name])
    return [(written, spelled) for written, spelled in entries]


FAMILY, GIVEN = _pairs("family"), _pairs("given")
PLACES, TRADES = _pairs("places"), _pairs("trades")
DEPARTMENTS, TITLES = LISTS["departments"], LISTS["titles"]
ENGLISH_FAMILY, ENGLISH_GIVEN = LISTS["english_family"], LISTS["english_given"]
ENGLISH_PLACES, ENGLISH_TRADES = LISTS["english_places"], LISTS["english_trades"]
ENGLISH_DEPARTMENTS, ENGLISH_TITLES = LISTS["english_departments"], LISTS["english_titles"]
