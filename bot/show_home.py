"""Publish someone's Home as the database has it now."""

from datetime import datetime

from bot.config import Config
from bot.desk import open_tasks, person_in_slack, todays_page
from bot.errors import UserMistake
from bot.services.slack import Slack
from bot.views.blocks import Block
from bot.views.home import home, home_for_stranger
from models import Database


def show_home(
    database: Database, slack: Slack, config: Config, slack_id: str, now: datetime
) -> None:
    """Draw and publish the Home of whoever this is; strangers are told whom to ask."""
    slack.publish_home(slack_id, _drawn(database, config, slack_id, now))


def _drawn(database: Database, config: Config, slack_id: str, now: datetime) -> Block:
    with database.reading() as session:
        try:
            person = person_in_slack(session, slack_id)
        except UserMistake:
            return home_for_stranger(config.language_default)
        page = todays_page(session, person, config, now)
        tasks = open_tasks(session, person)
    return home(person.name, person.language, page, tasks)
