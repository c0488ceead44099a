"""manifest.yml asks Slack for what the code hears and calls: no more, no less."""

import ast
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import jsonschema
import pytest
import yaml
from slack_bolt import App

from bot.config import Config
from handlers import slack_app
from handlers.slack_app import build_slack_app

ROOT = Path(__file__).parent.parent
SCHEMAS = ROOT.parent / "shared" / "reference" / "slack"

# Web API method → the scopes it needs with a bot token (docs.slack.dev, one page per method).
SCOPES: dict[str, set[str]] = {
    "auth.test": set(),
    "chat.postMessage": {"chat:write"},
    "chat.update": {"chat:write"},
    "conversations.history": {"im:history"},  # we only look into our own direct messages
    "conversations.open": {"im:write"},
    "users.lookupByEmail": {"users:read", "users:read.email"},  # the second needs the first
    "views.open": set(),
    "views.publish": set(),
}
EVENT_SCOPES: dict[str, set[str]] = {"app_home_opened": set()}


def test_every_command_is_heard_and_declared(heard: dict[str, list[str]]) -> None:
    declared = [command["command"] for command in features().get("slash_commands", [])]

    assert sorted(declared) == sorted(heard["command"]) == sorted(slack_app.COMMANDS)


def test_every_shortcut_is_heard_and_declared(heard: dict[str, list[str]]) -> None:
    declared = [shortcut["callback_id"] for shortcut in features().get("shortcuts", [])]

    assert sorted(declared) == sorted(heard["shortcut"]) == sorted(slack_app.SHORTCUTS)


def test_every_event_is_heard_and_declared(heard: dict[str, list[str]]) -> None:
    declared = manifest()["settings"]["event_subscriptions"]["bot_events"]

    assert sorted(declared) == sorted(heard["event"]) == sorted(slack_app.EVENTS)


def test_the_scopes_are_those_of_the_methods_called() -> None:
    needed = {"commands"}
    for method in methods_called():
        needed |= SCOPES[method]
    for event in slack_app.EVENTS:
        needed |= EVENT_SCOPES[event]

    assert set(manifest()["oauth_config"]["scopes"]["bot"]) == needed
    assert "user" not in manifest()["oauth_config"]["scopes"]


def test_buttons_and_dialogs_are_switched_on(heard: dict[str, list[str]]) -> None:
    assert heard["action"]
    assert manifest()["settings"]["interactivity"]["is_enabled"] is True


@pytest.mark.parametrize("version", ["1.0.0", "2.0.0"])
def test_slack_takes_the_manifest(version: str) -> None:
    file = SCHEMAS / f"manifest.schema.{version}.json"
    if not file.exists():
        pytest.skip("the official schema is not beside this checkout")
    schema = json.loads(file.read_text("utf-8"))

    faults = jsonschema.validators.validator_for(schema)(schema).iter_errors(manifest())

    assert [f"{fault.json_path}: {fault.message}" for fault in faults] == []


class RecordingApp(App):
    """Bolt's own app, writing down what it was told to listen to."""

    heard: dict[str, list[str]]

    def __init__(self, **settings: Any) -> None:
        self.heard = {kind: [] for kind in ("command", "shortcut", "event", "action")}
        super().__init__(**settings)

    def command(self, command: Any, *rest: Any, **more: Any) -> Any:
        self.heard["command"].append(command)
        return super().command(command, *rest, **more)

    def shortcut(self, constraints: Any, *rest: Any, **more: Any) -> Any:
        self.heard["shortcut"].append(constraints)
        return super().shortcut(constraints, *rest, **more)

    def event(self, event: Any, *rest: Any, **more: Any) -> Any:
        self.heard["event"].append(event)
        return super().event(event, *rest, **more)

    def action(self, constraints: Any, *rest: Any, **more: Any) -> Any:
        self.heard["action"].append(str(constraints))
        return super().action(constraints, *rest, **more)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What the real composition registers on its Bolt app."""
    monkeypatch.setattr(slack_app, "App", RecordingApp)
    installed = {"team_id": "T1", "user_id": "U1", "bot_id": "B1"}
    parts = SimpleNamespace(
        config=Config(_env_file=None), slack=SimpleNamespace(who_am_i=lambda: installed)
    )
    return cast(RecordingApp, build_slack_app(cast(Any, parts))).heard


def manifest() -> dict[str, Any]:
    file = ROOT / "manifest.yml"
    assert file.exists(), "manifest.yml is missing: Slack cannot install the app without it"
    return cast(dict[str, Any], yaml.safe_load(file.read_text("utf-8")))


def features() -> dict[str, Any]:
    return cast(dict[str, Any], manifest()["features"])


def methods_called() -> set[str]:
    """The Web API methods that bot/services/slack.py names in its one way out."""
    tree = ast.parse((ROOT / "bot" / "services" / "slack.py").read_text("utf-8"))
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "_call"
    ]
    assert calls, "bot/services/slack.py calls Slack in a way this test does not see"
    return {ast.literal_eval(call.args[0]) for call in calls}
