"""The Bolt app: who is asking, what is heard, and the one place where errors become answers."""

import json
import logging
import secrets
from functools import partial
from typing import Any

from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse

from bot.desk import person_in_slack
from bot.errors import UserMistake
from bot.parts import Parts
from bot.texts import text
from handlers import slack_command, slack_home, slack_outcomes
from models import DatabaseBusy
from models.enums import Language

log = logging.getLogger(__name__)

COMMANDS = slack_command.COMMANDS
EVENTS = slack_home.EVENTS
SHORTCUTS: tuple[str, ...] = ()


def build_slack_app(parts: Parts) -> App:
    """The app with every listener; asks Slack once who it is, and no request asks again.

    Signatures are checked before Bolt sees a byte: Bolt parses first, and knows only the real
    clock. Raises DeliveryFailed when Slack refuses the token.
    """
    installed = parts.slack.who_am_i()
    token = parts.config.slack_bot_token
    known = AuthorizeResult(
        enterprise_id=None,
        team_id=installed["team_id"],
        bot_id=installed["bot_id"],
        bot_user_id=installed["user_id"],
        bot_token=token.get_secret_value() if token else "",
    )
    app = App(
        authorize=lambda: known,
        process_before_response=True,
        request_verification_enabled=False,
        token_verification_enabled=False,
        ignoring_self_events_enabled=True,
        logger=logging.getLogger("slack_bolt.callfirst"),
    )
    app.use(partial(_only_our_workspace, parts, installed["team_id"]))
    for feature in (slack_command, slack_home, slack_outcomes):
        feature.register(app, parts)
    app.error(partial(_answer_error, parts))
    return app


def _only_our_workspace(
    parts: Parts, team_id: str, body: dict[str, Any], next: Any, **_rest: Any
) -> BoltResponse | None:
    """Slack Connect brings strangers: anyone from another workspace gets a sentence, no more."""
    user = body.get("user")
    team = body.get("team")
    claimed = {
        user.get("team_id") if isinstance(user, dict) else None,
        team.get("id") if isinstance(team, dict) else None,
        body.get("team_id"),
    }
    if claimed - {None, team_id}:
        return _said(body, text("error.other_workspace", parts.config.language_default), parts)
    next()
    return None


def _answer_error(parts: Parts, error: Exception, body: dict[str, Any]) -> BoltResponse:
    """A mistake is explained to whoever made it; a fault gets a number that stands in the log."""
    language = _language(parts, body)
    if isinstance(error, UserMistake):
        return _said(body, text(error.key, language, **error.values), parts)
    if isinstance(error, DatabaseBusy):
        return _said(body, text("error.busy", language), parts)
    reference = secrets.token_hex(3)
    log.error("fault %s while answering Slack", reference, exc_info=error)
    return _said(body, text("error.unexpected", language, reference=reference), parts)


def _said(body: dict[str, Any], sentence: str, parts: Parts) -> BoltResponse:
    """The sentence where the person looks: the command's answer, the dialog, or beside the list."""
    if "command" in body:
        return _json({"response_type": "ephemeral", "text": sentence})
    if body.get("type") == "view_submission":
        values = (body.get("view", {}).get("state") or {}).get("values") or {}
        block_id = next(iter(values), None)
        if block_id:
            return _json({"response_action": "errors", "errors": {block_id: sentence}})
    elif url := body.get("response_url"):
        parts.later(partial(parts.slack.respond, url, sentence))
    return BoltResponse(status=200, body="")


def _json(answer: dict[str, Any]) -> BoltResponse:
    return BoltResponse(
        status=200,
        body=json.dumps(answer),
        headers={"content-type": "application/json;charset=utf-8"},
    )


def _language(parts: Parts, body: dict[str, Any]) -> Language:
    user = body.get("user")
    slack_id = user.get("id") if isinstance(user, dict) else body.get("user_id")
    try:
        with parts.database.reading() as session:
            return person_in_slack(session, str(slack_id)).language
    except UserMistake:
        return parts.config.language_default
