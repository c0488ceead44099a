"""The wheel holds what the program needs when it is installed, and nothing else."""

import json
import os
import subprocess
import sys
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DATA = {".toml", ".html", ".txt", ".css", ".js", ".mako", ".svg", ".png", ".csv", ".json", ".pem"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [built] = folder.glob("*.whl")
    return built


def test_every_module_and_data_file_is_in_it(wheel: Path) -> None:
    needed = {
        file.relative_to(ROOT).as_posix()
        for top in ("bot", "handlers", "models")
        for file in (ROOT / top).rglob("*")
        if file.suffix in DATA | {".py"}
    }

    assert needed - names(wheel) == set()
    assert {"bot/texts/ja.toml", "models/migrations/versions/0001_the_first_tables.py"} <= needed


def test_nothing_else_is_in_it(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in names(wheel) if ".dist-info/" not in name}

    assert tops == {"bot", "handlers", "models"}


def test_no_index_will_take_it(wheel: Path) -> None:
    assert "Private :: Do Not Upload" in metadata(wheel).get_all("Classifier", [])


def test_it_brings_the_command_and_the_licence(wheel: Path) -> None:
    info = next(name.split("/")[0] for name in names(wheel) if ".dist-info/" in name)

    with zipfile.ZipFile(wheel) as archive:
        entry_points = archive.read(f"{info}/entry_points.txt").decode()

    assert "callfirst = bot.cli:app" in entry_points
    assert f"{info}/licenses/LICENSE" in names(wheel)


def test_what_is_in_it_can_make_a_database(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "unpacked")
    program = "import bot.cli; assert 'unpacked' in bot.cli.__file__; bot.cli.app()"
    surroundings = {
        "PYTHONPATH": str(tmp_path / "unpacked"),
        "DATABASE_URL": f"sqlite:///{tmp_path}/made.db",
    }

    made = subprocess.run(
        [sys.executable, "-c", program, "migrate", "--json"],
        cwd=tmp_path,
        env=os.environ | surroundings,
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(made.stdout)["after"] == "0001"


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def metadata(wheel: Path) -> Message:
    [file] = [name for name in names(wheel) if name.endswith(".dist-info/METADATA")]
    with zipfile.ZipFile(wheel) as archive:
        return Parser().parsestr(archive.read(file).decode())
