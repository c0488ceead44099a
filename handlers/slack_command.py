"""`/callfirst`: today's list and help, in the HTTP answer itself, seen by the sender alone."""

from typing import Any

from slack_bolt import Ack, App

from bot.desk import person_in_slack, todays_page
from bot.parts import Parts
from bot.texts import text
from bot.views.blocks import section
from bot.views.daily_list import daily_list, summary
from bot.views.help import help_blocks, understand

COMMANDS = ("/callfirst",)


def register(app: App, parts: Parts) -> None:
    """Hear the one command."""

    @app.command(COMMANDS[0])
    def typed(ack: Ack, command: dict[str, Any]) -> None:
        words = command.get("text") or ""
        with parts.database.reading() as session:
            person = person_in_slack(session, command["user_id"])
            page = todays_page(session, person, parts.config, parts.now())
        meant, nearest = understand(words)
        language = person.language
        if meant != "today":
            unknown = "" if meant == "help" else words.strip()
            blocks = help_blocks(language, parts.config.undo_minutes, unknown, nearest)
            said = blocks[0]["text"]["text"]
        elif page is None:
            said = text("list.none_today", language)
            blocks = [section(said, "none_today")]
        else:
            said, blocks = summary(page), daily_list(page)
        ack(text=said, blocks=blocks, response_type="ephemeral")
