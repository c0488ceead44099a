"""What people do on the bot's own pages, each at its moment: answer the survey, unsubscribe."""

import heapq
import itertools
import threading
from collections.abc import Callable
from datetime import datetime
from html.parser import HTMLParser
from urllib.parse import urlencode

from bot.sandbox import wire

FORM = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "Mozilla/5.0"}


class Errands:
    """A calendar of visits to the bot's web pages; `do_due` makes those whose time has come."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.failed: list[str] = []
        self._waiting: list[tuple[datetime, int, Callable[[], None]]] = []
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._form: SurveyForm | None = None

    def put(self, at: datetime, work: Callable[[], None]) -> None:
        with self._lock:
            heapq.heappush(self._waiting, (at, next(self._numbers), work))

    def next_at(self) -> datetime | None:
        """When the next visit is due, if any waits."""
        with self._lock:
            return self._waiting[0][0] if self._waiting else None

    def do_due(self) -> int:
        """Make every visit that is due by now. Returns how many."""
        done = 0
        while (at := self.next_at()) is not None and at <= self.now():
            with self._lock:
                _, _, work = heapq.heappop(self._waiting)
            work()
            done += 1
        return done

    def answer(self, url: str, might_use: str, uses_similar: str, trouble: str) -> None:
        """Open the survey and send it off, by the fields the page itself has."""
        form = self._survey_form(url)
        wanted = {might_use, uses_similar}
        filled = dict(form.hidden)
        for name, values in form.choices.items():
            chosen = [value for value in values if value in wanted]
            filled |= {name: chosen[0]} if chosen else {}
        if form.texts and trouble:
            filled[form.texts[0]] = trouble
        self._expect(wire.request("POST", url, urlencode(filled).encode(), FORM), url)

    def _survey_form(self, url: str) -> "SurveyForm":
        """The fields of the survey page, read the first time somebody opens it."""
        if self._form is None:
            page = wire.request("GET", url)
            self._form = SurveyForm()
            self._form.feed(page.body.decode("utf-8", "replace"))
        return self._form

    def unsubscribe(self, url: str) -> None:
        """The one-click POST a mail program sends (RFC 8058)."""
        self._expect(wire.request("POST", url, b"List-Unsubscribe=One-Click", FORM), url)

    def _expect(self, answer: wire.Answer, url: str) -> None:
        if answer.status not in (200, 204, 303):
            self.failed.append(f"{answer.status} from {url}")


class SurveyForm(HTMLParser):
    """The names a form has: hidden fields, choices with their values, texts."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden: dict[str, str] = {}
        self.choices: dict[str, list[str]] = {}
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        field = {name: value or "" for name, value in attrs}
        name = field.get("name", "")
        if tag == "textarea" and name:
            self.texts.append(name)
        elif tag == "input" and name and field.get("type") == "hidden":
            self.hidden[name] = field.get("value", "")
        elif tag == "input" and name and field.get("type") == "radio":
            self.choices.setdefault(name, []).append(field.get("value", ""))
