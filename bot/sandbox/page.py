"""The page: a workspace to press in, drawn on the server."""

from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlsplit

from jinja2 import Environment, PackageLoader
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from bot.sandbox import slack_draw, slack_forms
from bot.sandbox.in_thread import in_thread
from bot.sandbox.slack_press import action_of
from bot.sandbox.slack_state import Message, Person, View
from bot.sandbox.wall_time import when, when_long
from bot.sandbox.words import LANGUAGES, say

if TYPE_CHECKING:
    from bot.sandbox.demo import Demo

SECURITY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self' 'unsafe-inline'; "
    "script-src 'self'; img-src 'self' data:; frame-src 'self' data:; form-action *; "
    "base-uri 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class Drawer:
    """Renders the page's templates in the visitor's language, with the bar around them."""

    def __init__(self, demo: "Demo") -> None:
        self.demo = demo
        self.environment = Environment(
            loader=PackageLoader("bot.sandbox"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def page(self, request: Request, template: str, **values: Any) -> Response:
        """One page of the sandbox, with bar, people and guide."""
        language = language_of(request)
        workspace, clock = self.demo.sandbox.workspace, self.demo.sandbox.clock
        known: dict[str, Any] = {
            "lang": language,
            "say": partial(say, language=language),
            "people": list(workspace.people.values()),
            "person": None,
            "unread": self.demo.unread(),
            "clock": clock.local(),
            "done": self.demo.done(),
            "notice": self.demo.take_notice(language),
            "here": request.url.path,
            "when": partial(when, language=language),
            "when_long": partial(when_long, language=language),
        }
        html = self.environment.get_template(template).render(known | values)
        return HTMLResponse(html, headers=SECURITY)


def language_of(request: Request) -> str:
    """The page's language: as chosen, else the browser's, else Japanese."""
    chosen = request.query_params.get("lang") or request.cookies.get("lang", "")
    if chosen in LANGUAGES:
        return chosen
    return "en" if request.headers.get("accept-language", "ja").lower().startswith("en") else "ja"


def back_to(request: Request, path: str) -> RedirectResponse:
    return RedirectResponse(path, 303)


def form_of(body: bytes) -> dict[str, str]:
    """A posted form; of a repeated name the last value counts."""
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


class SlackPage:
    """People, their direct messages with the bot, Home, modals, and what they press."""

    def __init__(self, demo: "Demo", drawer: Drawer) -> None:
        self.demo, self.drawer = demo, drawer
        self.workspace, self.sender = demo.sandbox.workspace, demo.sandbox.sender

    def routes(self) -> list[Route | Mount]:
        folder = Path(str(files("bot.sandbox"))) / "static"
        return [
            Route("/", in_thread(self.start)),
            Route("/language", in_thread(self.choose_language), methods=["POST"]),
            Route("/p/{user}/messages", in_thread(self.messages)),
            Route("/p/{user}/home", in_thread(self.home)),
            Route("/p/{user}/press", in_thread(self.press), methods=["POST"]),
            Route("/p/{user}/command", in_thread(self.command), methods=["POST"]),
            Route("/p/{user}/submit", in_thread(self.submit), methods=["POST"]),
            Route("/p/{user}/close", in_thread(self.close), methods=["POST"]),
            Mount("/static", StaticFiles(directory=folder)),
        ]

    def start(self, request: Request, _body: bytes) -> Response:
        first = next(iter(self.workspace.people.values()))
        return back_to(request, f"/p/{first.id}/messages")

    def choose_language(self, request: Request, body: bytes) -> Response:
        answer = back_to(request, came_from(request))
        chosen = form_of(body).get("lang", "")
        if chosen in LANGUAGES:
            answer.set_cookie("lang", chosen, samesite="lax", httponly=True)
        return answer

    def messages(self, request: Request, _body: bytes) -> Response:
        person = self._person(request)
        if person is None:
            return self.start(request, b"")
        shown = [
            one
            for one in list(self.workspace.messages[person.dm])
            if one.only_for in (None, person.id)
        ]
        self.demo.looked_at(person)
        return self._slack_page(request, person, "messages", shown, None)

    def home(self, request: Request, _body: bytes) -> Response:
        person = self._person(request)
        if person is None:
            return self.start(request, b"")
        self.demo.after_answer(self.sender.open_home(person.id))
        home = self.workspace.homes.get(person.id)
        return self._slack_page(request, person, "home", [], home)

    def press(self, request: Request, body: bytes) -> Response:
        person, form = self._person(request), form_of(body)
        if person is None:
            return self.start(request, b"")
        container = self._container(person, form.get("in", ""))
        blocks = _blocks_of(container)
        found = slack_forms.pressed(blocks, form.get("do", ""))
        if container is None or found is None:
            self.demo.tell("notice.gone")
            return back_to(request, came_from(request))
        block, element, option = found
        if isinstance(container, View) and container.body["type"] == "modal":
            container.typed = slack_forms.state_values(container, form)
        action = action_of(element, form.get("chosen") or option)
        answer = self.sender.press(person.id, container, block, action)
        self.demo.after_press(element, answer)
        return back_to(request, came_from(request))

    def command(self, request: Request, body: bytes) -> Response:
        person = self._person(request)
        if person is None:
            return self.start(request, b"")
        typed = form_of(body).get("text", "").strip()
        word, _, rest = typed.partition(" ")
        if word != "/callfirst":
            rest = typed
        self.demo.after_answer(self.sender.command(person.id, rest.strip()))
        return back_to(request, f"/p/{person.id}/messages#latest")

    def submit(self, request: Request, body: bytes) -> Response:
        person, form = self._person(request), form_of(body)
        view = self._top_modal(person)
        if view is None:
            return back_to(request, came_from(request))
        values = slack_forms.state_values(view, form)
        missing = slack_forms.missing_inputs(view, values)
        if missing:
            language = language_of(request)
            view.typed = values
            view.errors = dict.fromkeys(missing, say("needed", language))
        else:
            self.demo.after_answer(self.sender.submit(view, values))
        return back_to(request, came_from(request))

    def close(self, request: Request, _body: bytes) -> Response:
        view = self._top_modal(self._person(request))
        if view is not None:
            self.sender.close(view)
        return back_to(request, came_from(request))

    def _person(self, request: Request) -> Person | None:
        return self.workspace.people.get(request.path_params["user"])

    def _top_modal(self, person: Person | None) -> View | None:
        stack = self.workspace.modals[person.id] if person else []
        return stack[-1] if stack else None

    def _container(self, person: Person, where: str) -> Message | View | None:
        kind, _, name = where.partition(":")
        if kind == "m":
            return self.workspace.find(person.dm, name)
        views = [*self.workspace.modals[person.id], self.workspace.homes.get(person.id)]
        return next((view for view in views if view and view.id == name), None)

    def _slack_page(
        self, request: Request, person: Person, tab: str, shown: list[Message], home: View | None
    ) -> Response:
        return self.drawer.page(
            request,
            "slack.html",
            person=person,
            tab=tab,
            shown=shown,
            home=home,
            modal=self._top_modal(person),
            draw=lambda value: slack_draw.text_object(value, self.workspace),
            mrkdwn=lambda value: slack_draw.mrkdwn(value, self.workspace),
            press_value=slack_forms.press_value,
            field_name=slack_forms.field_name,
            current_value=slack_forms.current_value,
        )


def came_from(request: Request) -> str:
    """The page a form stood on; only a path of our own."""
    path = urlsplit(request.headers.get("x-from") or request.headers.get("referer", "")).path
    if not path.startswith("/"):
        path = request.url.path.rsplit("/", 1)[0] + "/messages"
    return quote(path, safe="/")


def _blocks_of(container: Message | View | None) -> list[dict[str, Any]]:
    if container is None:
        return []
    if isinstance(container, View):
        return list(container.body.get("blocks", []))
    return container.blocks
