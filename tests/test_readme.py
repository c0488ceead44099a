"""What README says of settings and commands is what there is."""

import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from typer.main import get_command

from bot.cli import app
from bot.config import Config
from bot.rules import ranking
from models.enums import CustomerClass, MightUse

README = Path(__file__).parent.parent / "README.md"
SETTING = re.compile(r"^\| *`([A-Z][A-Z0-9_]*)` *\| *([^|]*?) *\|", re.MULTILINE)
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
CALL = re.compile(r"(?<![/\w.-])callfirst +([a-z][a-z-]*)(?: +([a-z][a-z-]*)\b)?")


def test_every_setting_is_in_the_readme_with_its_default() -> None:
    documented = {name: default.strip("`") for name, default in SETTING.findall(readme())}

    assert documented == {name.upper(): shown(field) for name, field in Config.model_fields.items()}


def test_every_command_is_in_the_readme() -> None:
    missing = {path for path in commands() if f"callfirst {path}" not in readme()}

    assert not missing, "\n".join(sorted(missing))


def test_the_readme_calls_no_command_that_is_not_there() -> None:
    known = set(commands())
    groups = {path.partition(" ")[0] for path in known if " " in path}

    unknown = {
        f"callfirst {first} {second}".strip()
        for code in CODE.findall(readme())
        for first, second in CALL.findall(code)
        if (f"{first} {second}" if first in groups else first) not in known
    }

    assert not unknown, "\n".join(sorted(unknown))


def test_every_relative_link_leads_somewhere() -> None:
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", readme())

    assert [target for target in targets if not (README.parent / target).exists()] == []


def readme() -> str:
    return README.read_text("utf-8")


def shown(field: FieldInfo) -> str:
    """A default as a person would write it in the environment; nothing for none."""
    value = field.get_default(call_default_factory=True)
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, list):
        return ",".join(map(str, value))
    return "" if value is None else str(value)


def commands() -> Iterator[str]:
    """The command line's commands: "migrate", "people add", …"""
    yield from _below(get_command(app), "")


def _below(command: Any, path: str) -> Iterator[str]:
    children = getattr(command, "commands", {})
    if not children:
        yield path
    for name, child in children.items():
        yield from _below(child, f"{path} {name}".strip())


def test_the_points_in_the_readme_are_those_of_the_ranking() -> None:
    told = dict(re.findall(r"^\| (.+?) \| ([^|]+) \|$", section("The order of the list"), re.M))

    assert {fact: figures(points) for fact, points in told.items() if figures(points)} == {
        "answered the survey": [ranking.ANSWERED],
        "… might use it within 3 months": [ranking.ANSWER[MightUse.WITHIN_3_MONTHS]],
        "… within a year": [ranking.ANSWER[MightUse.WITHIN_A_YEAR]],
        "… does not know": [ranking.ANSWER[MightUse.UNKNOWN]],
        "… no plan": [ranking.ANSWER[MightUse.NO_PLAN]],
        f"human clicks: sum of link weights, at most {ranking.CLICK_WEIGHT_CAP}, each": [
            ranking.CLICK
        ],
        "… last click within " + " / ".join(str(days) for days, _ in ranking.FRESHNESS) + " days": [
            share for _, share in ranking.FRESHNESS
        ],
        "trades with us now (A, B, C1, C2)": [ranking.CLASS[CustomerClass.C2]],
        "traded before (D)": [ranking.CLASS[CustomerClass.D]],
        "source: referral / web / trade fair": [
            ranking.SOURCE[word] for word in ("referral", "web", "fair")
        ],
        'said "interested" on the phone': [ranking.INTERESTED],
        'said "not now" on the phone': [ranking.NOT_NOW],
        "each call in a row without an answer": [ranking.UNANSWERED],
    }
    assert f"a base of {ranking.BASE}" in section("The order of the list").replace("−", "-")


def section(title: str) -> str:
    """What stands under a heading of the README, up to the next one."""
    return readme().split(f"### {title}\n")[1].split("\n##")[0]


def figures(cell: str) -> list[float]:
    return [float(figure) for figure in re.findall(r"-?\d+(?:\.\d+)?", cell.replace("−", "-"))]
