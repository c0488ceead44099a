"""The sandbox page without a browser: what a visitor sees and what the buttons do."""

import html
import json
import re
from collections.abc import Iterator
from urllib.parse import urlencode, urlsplit

import pytest

from bot.sandbox import wire
from bot.sandbox.demo import Demo
from bot.sandbox.words import say
from bot.texts import text
from models.enums import Language

pytestmark = pytest.mark.timeout(180)
PRESS = re.compile(
    r'name="in" value="([^"]*)"[^<]*<button class="[^"]*" name="do" value="([^"]*)"[^>]*>([^<]*)<'
)
SATO = "/p/U0SATO/messages"
JA = Language.JA


class Visitor:
    """Reads pages and posts their forms, following where they lead."""

    def __init__(self, demo: Demo) -> None:
        self.demo = demo
        self.at = self.text = ""

    def get(self, path: str) -> str:
        answer = wire.request("GET", self._url(path), headers={"Accept-Language": "ja"})
        while answer.status in (302, 303):
            path = answer.headers["location"]
            answer = wire.request("GET", self._url(path), headers={"Accept-Language": "ja"})
        assert answer.status == 200, (path, answer.status)
        self.at, self.text = urlsplit(self._url(path)).path, answer.body.decode()
        return self.text

    def post(self, path: str, **form: str) -> str:
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Referer": self._url(self.at),
        }
        answer = wire.request("POST", self._url(path), urlencode(form).encode(), headers)
        assert answer.status == 303, (path, answer.status)
        return self.get(answer.headers["location"])

    def press(self, label: str) -> str:
        """Press the first button of the page with this label."""
        where, value, _ = next(found for found in PRESS.findall(self.text) if found[2] == label)
        folder = self.at.rsplit("/", 1)[0]
        return self.post(f"{folder}/press", **{"in": where, "do": html.unescape(value)})

    def _url(self, path: str) -> str:
        return path if path.startswith("http") else self.demo.sandbox.page_url + path


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    made = Demo(seed=1, port=0)
    with made.sandbox:
        made.start()
        yield made


@pytest.fixture
def visitor(demo: Demo) -> Visitor:
    return Visitor(demo)


def test_the_first_page_says_what_it_is_and_shows_this_mornings_list(visitor: Visitor) -> None:
    page = visitor.get("/")

    assert say("bar.what", "ja") in page
    assert "6月1日(月) 8:30" in page
    assert say("step.press", "ja") in page
    assert text("outcome.no_answer", JA) in page
    assert visitor.demo.sandbox.workspace.refused == []


def test_a_press_folds_the_row_and_undo_brings_it_back(visitor: Visitor) -> None:
    before = visitor.get(SATO)

    folded = visitor.press(text("outcome.no_answer", JA))
    undone = visitor.press(text("list.undo", JA))

    assert text("list.undo", JA) not in re.findall(r">([^<]*)</button>", before)
    assert text("list.undo", JA) in folded
    assert rows(undone) == rows(before) != rows(folded)


def test_a_promise_in_the_past_is_refused_in_its_dialog(visitor: Visitor) -> None:
    visitor.get(SATO)
    visitor.press(text("outcome.callback", JA))
    fields = dict.fromkeys(re.findall(r'name="(\[[^"]*\])"', visitor.text), "")
    names = [html.unescape(name) for name in fields]
    date, time, note = sorted(names, key=lambda name: ("note" in name, "time" in name))

    refused = visitor.post(
        "/p/U0SATO/submit", **{date: "2026-05-01", time: "10:00", note: "ask again"}
    )
    kept = visitor.post("/p/U0SATO/submit", **{date: "2026-06-03", time: "10:00", note: ""})

    assert text("outcome.promise_in_past", JA) in refused
    assert 'role="dialog"' in refused
    assert "ask again" in refused
    assert 'role="dialog"' not in kept


def test_a_command_is_answered_to_its_sender_alone(visitor: Visitor) -> None:
    visitor.get(SATO)

    page = visitor.post("/p/U0SATO/command", text="/callfirst ヘルプ")

    assert 'data-testid="ephemeral"' in page
    assert 'data-testid="ephemeral"' not in visitor.get("/p/U0SUZUKI/messages")


def test_home_is_published_when_it_is_opened(visitor: Visitor) -> None:
    assert text("outcome.no_answer", JA) in visitor.get("/p/U0SUZUKI/home")


def test_a_button_that_is_gone_does_nothing(visitor: Visitor) -> None:
    visitor.get(SATO)

    page = visitor.post("/p/U0SATO/press", **{"in": "m:1.0", "do": json.dumps(["x", "y", None])})

    assert say("notice.gone", "ja") in page


def test_the_language_of_the_page_can_be_changed(visitor: Visitor) -> None:
    answer = wire.request(
        "POST",
        visitor.demo.sandbox.page_url + "/language",
        b"lang=en",
        {"Content-Type": "application/x-www-form-urlencoded"},
    )

    assert "lang=en" in answer.headers["set-cookie"]
    assert say("guide.title", "en") in visitor.get(SATO + "?lang=en")


def test_the_whole_loop_ends_with_the_lead_first_next_morning(visitor: Visitor) -> None:
    visitor.get(SATO)
    visitor.post("/do/mail")
    visitor.get("/leads")
    path, name = next(iter(re.findall(r'<a href="(/leads/\d+)">([^<]*)</a>', visitor.text)))
    page = visitor.get(path)
    owner = re.search(r'data-testid="owner"><a href="([^"#]*)', page)
    links = re.findall(r'href="([^"]*)"', html.unescape(page))
    clicks = [link for link in links if link.startswith("/sendgrid/click/")]

    for link in clicks[:2]:
        visitor.get(link)
    survey = visitor.get(clicks[-1])
    assert "might_use" in survey
    answer = wire.request(
        "POST",
        visitor.demo.sandbox.product_url + visitor.at,
        b"might_use=within_3_months",
        {"Content-Type": "application/x-www-form-urlencoded"},
    )
    visitor.get(path)
    visitor.post("/do/day")
    assert owner
    morning = visitor.get(owner.group(1))

    assert answer.status == 200
    assert name in rows(morning[morning.index('id="latest"') :])[0]
    assert visitor.demo.done() >= {"mail", "lead", "survey", "day", "first"}
    assert visitor.demo.sandbox.later.faults == []


def rows(page: str) -> list[str]:
    """The bold names of the leads with buttons, in order."""
    return re.findall(r"<strong>(\d+\. [^<]*)</strong>", page)
