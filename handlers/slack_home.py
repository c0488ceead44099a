"""App Home: published when someone opens it, and again after a press in it."""

from functools import partial
from typing import Any

from slack_bolt import Ack, App

from bot.desk import person_in_slack
from bot.finish_task import finish_task
from bot.parts import Parts
from bot.show_home import show_home
from bot.views.home import TASK_DONE

EVENTS = ("app_home_opened",)


def register(app: App, parts: Parts) -> None:
    """Hear the Home tab being opened, and its own button."""

    @app.event(EVENTS[0])
    def opened(event: dict[str, Any]) -> None:
        if event.get("tab") == "home":
            _show(parts, event["user"])

    @app.action(TASK_DONE)
    def task_done(ack: Ack, action: dict[str, Any], body: dict[str, Any]) -> None:
        with parts.database.writing(wait=1.5) as session:
            person = person_in_slack(session, body["user"]["id"])
            finish_task(session, int(action["value"]), person, parts.now())
        _show(parts, body["user"]["id"])
        ack()


def _show(parts: Parts, slack_id: str) -> None:
    parts.later(
        partial(show_home, parts.database, parts.slack, parts.config, slack_id, parts.now())
    )
