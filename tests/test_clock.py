"""Nobody reads the clock but bot/clock.py: ruff refuses every spelling, and nobody is excused."""

import re
import subprocess
import sys
import tomllib
from datetime import timedelta
from pathlib import Path

import pytest

from bot.clock import now

ROOT = Path(__file__).parent.parent
BANNED = "TID251"


@pytest.mark.parametrize(
    "code",
    [
        "from datetime import UTC, datetime\n\nX = datetime.now(UTC)\n",
        "import datetime as dt\n\nX = dt.datetime.now(dt.UTC)\n",
        "from datetime import date\n\nX = date.today()\n",
        "from datetime import datetime\n\nX = datetime.utcnow()\n",
        "from datetime import datetime\n\nX = datetime.today()\n",
        "import time\n\nX = time.time()\n",
        "from time import time\n\nX = time()\n",
        "from time import time_ns\n\nX = time_ns()\n",
        "from datetime import UTC, datetime\n\nX = lambda clock=datetime.now: clock(UTC)\n",
    ],
)
@pytest.mark.parametrize("place", ["bot/rules/snippet.py", "handlers/snippet.py", "models/x.py"])
def test_reading_the_clock_is_refused(code: str, place: str) -> None:
    assert BANNED in refusals(code, place)


def test_the_clock_module_and_the_tests_may_read_it() -> None:
    code = "from datetime import UTC, datetime\n\nX = datetime.now(UTC)\n"

    assert BANNED not in refusals(code, "bot/clock.py")
    assert BANNED not in refusals(code, "tests/test_x.py")


def test_no_other_file_is_excused_in_the_settings() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["ruff"]["lint"]

    excused = {
        pattern for pattern, codes in settings["per-file-ignores"].items() if BANNED in codes
    }

    assert excused == {"bot/clock.py", "tests/**"}
    assert BANNED not in settings["ignore"]


def test_no_line_of_the_product_excuses_itself() -> None:
    excuse = re.compile(r"#\s*(ruff:\s*)?noqa(?!:)|noqa:[^#\n]*(TID251|TID\b)", re.IGNORECASE)

    found = [
        f"{file.relative_to(ROOT)}:{number}"
        for top in ("bot", "handlers", "models")
        for file in (ROOT / top).rglob("*.py")
        for number, line in enumerate(file.read_text("utf-8").splitlines(), start=1)
        if excuse.search(line)
    ]

    assert found == []


def test_now_is_aware_and_in_utc() -> None:
    assert now().utcoffset() == timedelta(0)


def refusals(code: str, place: str) -> str:
    """What ruff, with the project's settings, says about the code as if it stood there."""
    ruff = Path(sys.executable).with_name("ruff")
    return subprocess.run(
        [ruff, "check", "--quiet", "--no-cache", "--stdin-filename", place, "-"],
        cwd=ROOT,
        input=code,
        capture_output=True,
        text=True,
        check=False,
    ).stdout
