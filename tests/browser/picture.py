"""The README's picture, taken from the sandbox page.

`uv run --group browser python -m tests.browser.picture` takes it anew.

The list of the morning after the month's mail, as the salesperson sees it.
"""

import re
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS

ROOT = Path(__file__).parent.parent.parent
PICTURE = ROOT / ".github" / "daily-list.png"
SIZE = {"width": 1280, "height": 860}


def main() -> None:
    """Start the demo, send the mail, let a day pass, and keep what the page shows."""
    demo = subprocess.Popen(
        [sys.executable, "-c", "from bot.cli import app; app()", "demo"],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert demo.stdout is not None
        address = next(m[0] for line in demo.stdout if (m := re.search(r"http://\S+/", line)))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            take(browser.new_page(viewport=SIZE, locale="ja-JP"), address)
            browser.close()
    finally:
        demo.terminate()
        demo.wait()


def take(page: Page, address: str) -> None:
    page.set_default_timeout(60_000)
    page.goto(address)
    page.get_by_test_id("bar-mail").click()
    for _ in range(3):
        page.get_by_test_id("bar-day").click()
    PICTURE.parent.mkdir(exist_ok=True)
    page.get_by_test_id("message").last.scroll_into_view_if_needed()
    page.screenshot(path=PICTURE)


if __name__ == "__main__":
    main()
