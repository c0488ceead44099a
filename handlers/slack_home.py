"""App Home: published when someone opens it."""

from functools import partial
from typing import Any

from slack_bolt import App

from bot.errors import UserMistake
from bot.find_lists import person_in_slack, todays_page
from bot.parts import Parts
from bot.views.blocks import Block
from bot.views.home import home_for_stranger, home_with_list, home_without_list

EVENTS = ("app_home_opened",)


def register(app: App, parts: Parts) -> None:
    """Hear the Home tab being opened."""

    @app.event(EVENTS[0])
    def opened(event: dict[str, Any]) -> None:
        if event.get("tab") == "home":
            parts.later(partial(_publish, parts, event["user"]))


def _publish(parts: Parts, slack_id: str) -> None:
    parts.slack.publish_home(slack_id, home_of(parts, slack_id))


def home_of(parts: Parts, slack_id: str) -> Block:
    """What this person's Home shows now."""
    with parts.database.reading() as session:
        try:
            person = person_in_slack(session, slack_id)
        except UserMistake:
            return home_for_stranger(parts.config.language_default)
        page = todays_page(session, person, parts.config, parts.now())
    return home_with_list(page) if page else home_without_list(person.name, person.language)
