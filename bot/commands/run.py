"""`callfirst run`: the bot with its web pages and schedule, in one process."""

import logging
from typing import Any

import typer

from bot.commands.base import build_parts, configured, open_database, refuse


def register(app: typer.Typer) -> None:
    app.command("run")(run)


def run() -> None:
    """Run the bot: Slack (Socket Mode when SLACK_APP_TOKEN is set), web pages, schedule."""
    from bot.migrate_database import schema_state

    config = configured()
    if missing := config.missing():
        refuse(f"these settings are missing: {', '.join(missing)}; the README explains each")
    _log_to_stderr()
    with open_database(config) as database:
        if (state := schema_state(database)) != "current":
            refuse(f"the database is {state}; run `callfirst migrate` first")
        _serve(config, build_parts(config, database))


def _serve(config: Any, parts: Any) -> None:
    import uvicorn

    from bot.errors import DeliveryFailed, DeliveryUnsure
    from bot.schedule import start
    from handlers.slack_app import build_slack_app
    from handlers.web_app import build_web

    try:
        slack_app = build_slack_app(parts)
    except (DeliveryFailed, DeliveryUnsure) as error:
        refuse(f"Slack does not answer to SLACK_BOT_TOKEN: {error}")
    socket = _socket(config, parts, slack_app)
    schedule = start(parts)
    try:
        uvicorn.run(
            build_web(parts, slack_app),
            host=config.host,
            port=config.port,
            log_level="info",
            access_log=False,
            timeout_graceful_shutdown=10,
        )
    finally:
        if socket:
            socket.close()
        schedule.stop()


def _socket(config: Any, parts: Any, slack_app: Any) -> Any:
    """Socket Mode: Slack's traffic comes through a connection we open, no public address needed."""
    if config.slack_app_token is None:
        return None
    from slack_bolt.adapter.socket_mode import SocketModeHandler

    token = config.slack_app_token.get_secret_value()
    handler = SocketModeHandler(slack_app, token, web_client=parts.slack.client)
    handler.connect()  # type: ignore[no-untyped-call]
    return handler


def _log_to_stderr() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for noisy in ("apscheduler", "slack_bolt", "slack_sdk", "python_http_client"):
        logging.getLogger(noisy).setLevel(logging.WARNING)  # they print bodies and keys
