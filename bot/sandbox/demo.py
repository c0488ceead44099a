"""`callfirst demo` in the browser: the sandbox with its page, and what its buttons do."""

import threading
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from bot.sandbox.in_thread import in_thread
from bot.sandbox.lead_page import LeadPage
from bot.sandbox.mailing_day import send_sample_mail
from bot.sandbox.morning import take_in_company
from bot.sandbox.page import Drawer, SlackPage, back_to, came_from
from bot.sandbox.root import Sandbox
from bot.sandbox.sendgrid_api import Mail
from bot.sandbox.slack_state import Block, Person
from bot.sandbox.wire import Answer
from bot.texts import day
from bot.views.daily_list import CALLBACK_PRESSED, NEXT_PRESSED, UNDO_PRESSED
from models import Lead, Salesperson, SurveyAnswer, table_of
from models.enums import Language

HOUR = timedelta(hours=1)


class Demo:
    """One visitor's sandbox: the clock's buttons, what was done so far, what to say next."""

    def __init__(self, seed: int, port: int) -> None:
        self.sandbox = Sandbox(seed, port)
        self.moving = threading.RLock()  # one hand on the clock at a time
        self._done: set[str] = set()
        self._notice: tuple[str, dict[str, object]] | None = None
        self._read: dict[str, int] = {}
        self._clicked: dict[str, set[str]] = {}
        self._faults_told = 0

    def start(self) -> None:
        """Bring the bot up, take in the company, and go to the first morning."""
        self.sandbox.start(lambda _sandbox: self._routes())
        take_in_company(self.sandbox)
        self.sandbox.passing.advance(self.sandbox.passing.next_morning())

    def _routes(self) -> list[Route | Mount]:
        drawer = Drawer(self)
        return [
            *SlackPage(self, drawer).routes(),
            *LeadPage(self, drawer).routes(),
            Route("/do/hour", in_thread(self._one_hour), methods=["POST"]),
            Route("/do/day", in_thread(self._next_day), methods=["POST"]),
            Route("/do/mail", in_thread(self._send_mail), methods=["POST"]),
        ]

    def _one_hour(self, request: Request, _body: bytes) -> Response:
        with self.moving:
            self.sandbox.passing.advance(self.sandbox.clock.now() + HOUR)
        self.tell("notice.hour")
        return back_to(request, came_from(request))

    def _next_day(self, request: Request, _body: bytes) -> Response:
        with self.moving:
            before = {user: len(self._posted(user)) for user in self.sandbox.workspace.people}
            answered = "survey" in self.done()
            self.sandbox.passing.advance(self.sandbox.passing.next_morning())
            after = {user: len(self._posted(user)) for user in self.sandbox.workspace.people}
        if answered:
            self._done.add("day")
        lists = sum(after[user] > before[user] for user in after)
        self.tell("notice.day", day=self.sandbox.clock.local().date(), lists=lists)
        path = came_from(request)
        return back_to(request, f"{path}#latest" if path.endswith("/messages") else path)

    def _send_mail(self, request: Request, _body: bytes) -> Response:
        before = len(self.sandbox.sendgrid.mails)
        with self.moving:
            status = send_sample_mail(self.sandbox)
        count = len(self.sandbox.sendgrid.mails) - before
        skipped = sum(status["skipped"].values())
        self.tell("notice.mail" if count else "notice.no_mail", count=count, skipped=skipped)
        self._done.add("mail")
        return back_to(request, came_from(request))

    def tell(self, key: str, **values: object) -> None:
        """Say something at the top of the next page."""
        self._notice = (key, values)

    def take_notice(self, language: str) -> tuple[str, dict[str, object]] | None:
        """What is to be said now; a stand-in's refusal comes first."""
        faults = self._faults()
        if len(faults) > self._faults_told:
            self._faults_told = len(faults)
            return "notice.fault", {"fault": faults[-1]}
        notice, self._notice = self._notice, None
        if notice and "day" in notice[1]:
            key, values = notice
            shown = day(values["day"], Language(language))  # type: ignore[arg-type]
            return key, values | {"day": shown}
        return notice

    def after_press(self, element: Block, answer: Answer) -> None:
        """Let the bot finish, and note which step of the guide this was."""
        with self.moving:
            self.sandbox.settle()
        self._note_refusal(answer)
        action = str(element.get("action_id", ""))
        if action == UNDO_PRESSED:
            self._done.add("undo")
        elif action not in (CALLBACK_PRESSED, NEXT_PRESSED):
            self._done.add("press")

    def after_answer(self, answer: Answer) -> None:
        """Let the bot finish after a command or a submitted dialog."""
        with self.moving:
            self.sandbox.settle()
        self._note_refusal(answer)

    def clicked(self, mail: Mail, url: str) -> None:
        """The visitor followed a link in somebody's mail."""
        self._clicked.setdefault(mail.to.lower(), set()).add(url)
        if len(self._clicked[mail.to.lower()]) >= 2:
            self._done.add("lead")

    def looked_at(self, person: Person) -> None:
        """The visitor reads somebody's messages."""
        self._read[person.id] = len(self._posted(person.id))
        if "day" in self._done and person.id in self._owners():
            self._done.add("first")

    def unread(self) -> dict[str, int]:
        """How many messages nobody has looked at yet, by person."""
        people = self.sandbox.workspace.people
        return {user: len(self._posted(user)) - self._read.get(user, 0) for user in people}

    def done(self) -> set[str]:
        """The steps of the guide that are done; the survey's from the bot's own records."""
        if self._clicked and "survey" not in self._done and self._answered():
            self._done.add("survey")
        return self._done

    def _answered(self) -> bool:
        lead, answer = table_of(Lead).c, table_of(SurveyAnswer).c
        query = (
            sa.select(answer.id)
            .join(table_of(Lead), lead.id == answer.lead_id)
            .where(lead.email_key.in_(list(self._clicked)))
        )
        with self.sandbox.database.reading() as session:
            return session.execute(query.limit(1)).first() is not None

    def _owners(self) -> set[str]:
        """Who looks after the leads the visitor has been."""
        lead, person = table_of(Lead).c, table_of(Salesperson).c
        query = (
            sa.select(person.slack_id)
            .join(table_of(Lead), lead.owner_id == person.id)
            .where(lead.email_key.in_(list(self._clicked)))
        )
        with self.sandbox.database.reading() as session:
            return {str(row[0]) for row in session.execute(query)}

    def _posted(self, user: str) -> list[Any]:
        person = self.sandbox.workspace.people[user]
        return [one for one in self.sandbox.workspace.messages[person.dm] if not one.only_for]

    def _faults(self) -> list[str]:
        sandbox = self.sandbox
        refused = [f"{method}: {error}" for method, error in sandbox.workspace.refused]
        mails = [str(error["message"]) for error in sandbox.sendgrid.refused]
        return [*refused, *sandbox.workspace.faults, *mails, *sandbox.later.faults]

    def _note_refusal(self, answer: Answer) -> None:
        if answer.status != 200:
            self.tell("notice.refused", status=answer.status)
