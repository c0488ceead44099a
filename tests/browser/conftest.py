"""A real browser: Debian's Chromium, driven by Playwright's own driver, nothing downloaded."""

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parent.parent.parent
CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
FLAGS = [
    "--no-sandbox",  # as root there is none
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_SECONDS = 60  # a promise of 15 s is measured elsewhere; here a busy machine may be slow
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/\S*")


def missing() -> str:
    """What keeps the browser tests from running; nothing when they can."""
    for package in ("playwright", "axe_playwright_python"):
        if importlib.util.find_spec(package) is None:
            return f"{package} is not installed (uv sync --group browser)"
    return "" if CHROMIUM.exists() else f"there is no {CHROMIUM} (apt-get install chromium)"


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """One Chromium per test process. Missing, it skips; under CI it fails."""
    if reason := missing():
        if os.environ.get("CI"):
            pytest.fail(f"no browser under CI: {reason}", pytrace=False)
        pytest.skip(f"BROWSER NOT TESTED: {reason}")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: "Browser") -> Iterator["Page"]:
    """A fresh window, in Japanese. A page's own errors fail the test."""
    context = browser.new_context(locale="ja-JP", viewport={"width": 1360, "height": 900})
    context.set_default_timeout(20_000)
    opened, errors = context.new_page(), list[str]()
    context.on("weberror", lambda error: errors.append(str(error.error)))
    context.on("console", lambda message: errors.append(message.text) if is_bad(message) else None)
    yield opened
    context.close()
    assert errors == []


def is_bad(message: Any) -> bool:
    return message.type == "error"


@pytest.fixture(scope="module")
def demo_address() -> Iterator[str]:
    """`callfirst demo` as a newcomer starts it; the address it prints."""
    command = [sys.executable, "-c", "from bot.cli import app; app()", "demo"]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    lines: Queue[str] = Queue()
    assert process.stdout is not None
    reader = Thread(target=lambda: [lines.put(line) for line in process.stdout or ()])
    reader.start()
    try:
        yield printed_address(process, lines)
    finally:
        process.terminate()
        process.wait(20)
        reader.join()
        process.stdout.close()


def printed_address(process: subprocess.Popen[str], lines: "Queue[str]") -> str:
    said: list[str] = []
    for _ in range(START_SECONDS):
        try:
            said.append(lines.get(timeout=1))
        except Empty:
            if process.poll() is not None:
                break
            continue
        if found := ADDRESS.search(said[-1]):
            return found.group()
    pytest.fail("callfirst demo printed no address:\n" + "".join(said))


@pytest.fixture
def faults() -> Any:
    """A function: what axe finds wrong with a page for people who see, hear or type differently."""
    from axe_playwright_python.sync_playwright import Axe

    def look(page: "Page") -> list[str]:
        found = Axe().run(page, options={"resultTypes": ["violations"], "preload": False})
        return [
            f"{rule['id']}: {rule['help']}: {node['html']}"
            for rule in found.response["violations"]
            for node in rule["nodes"]
        ]

    return look
