"""What Slack sends to the bot: signed requests, shaped like Slack's own."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from slack_sdk.signature import Clock, SignatureVerifier

from bot.sandbox.slack_api import SlackApi
from bot.sandbox.slack_args import Refused
from bot.sandbox.slack_state import APP_ID, BOT_USER, TEAM, Message, Person, View
from bot.sandbox.wire import Answer

Body = dict[str, Any]
Send = Callable[[bytes, dict[str, str]], Answer]
FORM = "application/x-www-form-urlencoded"
# A form needs no more than these encoded, % first; urlencode would take ten times as long.
FORM_SIGNS = (("%", "%25"), ("&", "%26"), ("+", "%2B"), ("=", "%3D"), (" ", "+"))


class SlackSender:
    """Presses, commands, submits and events of the people of one workspace.

    `send` carries body and headers to the bot's `/slack/events`.
    """

    def __init__(self, api: SlackApi, base_url: str, signing_secret: str, send: Send) -> None:
        self.api, self.workspace, self.send = api, api.workspace, send
        self._base_url = base_url
        self._signer = SignatureVerifier(signing_secret, Clock())

    def press(self, user: str, container: Message | View, block: Body, action: Body) -> Answer:
        """A press of a button, or a choice in a menu, in a message, a modal or Home."""
        payload = self._payload("block_actions", user) | self._container(user, container)
        payload["trigger_id"] = self.workspace.new_trigger(user)
        payload["actions"] = [
            {**action, "block_id": block["block_id"], "action_ts": self.workspace.next_ts()}
        ]
        return self._post_payload(payload)

    def submit(self, view: View, values: dict[str, Any]) -> Answer:
        """A press of a modal's submit button; the answer's response_action is carried out."""
        payload = self._payload("view_submission", view.user)
        payload |= {
            "trigger_id": self.workspace.new_trigger(view.user),
            "view": view.as_slack(values),
            "response_urls": [],
        }
        view.typed = values
        answer = self._post_payload(payload)
        if answer.status == 200:
            self._act_on(view, answer.json() or {})
        return answer

    def close(self, view: View) -> None:
        """A press of a modal's close button or cross."""
        self._drop(view)
        if view.body.get("notify_on_close"):
            payload = self._payload("view_closed", view.user)
            self._post_payload(payload | {"view": view.as_slack(), "is_cleared": False})

    def command(self, user: str, text: str, command: str = "/callfirst") -> Answer:
        """A slash command typed in the direct messages with the bot."""
        person = self.workspace.people[user]
        form = {
            "token": "unused",
            "team_id": TEAM["id"],
            "team_domain": TEAM["domain"],
            "channel_id": person.dm,
            "channel_name": "directmessage",
            "user_id": user,
            "user_name": _handle(person),
            "command": command,
            "text": text,
            "api_app_id": APP_ID,
            "is_enterprise_install": "false",
            "response_url": self._response_url(user, person.dm, None),
            "trigger_id": self.workspace.new_trigger(user),
        }
        answer = self._post(urlencode(form).encode(), FORM)
        if answer.status == 200 and answer.body:
            told = answer.json()
            self._show(told if isinstance(told, dict) else {"text": answer.body.decode()}, person)
        return answer

    def open_home(self, user: str, tab: str = "home") -> Answer:
        """A person looks at the bot's Home (or Messages) tab."""
        person = self.workspace.people[user]
        event: Body = {
            "type": "app_home_opened",
            "user": user,
            "channel": person.dm,
            "tab": tab,
            "event_ts": self.workspace.next_ts(),
        }
        if tab == "home" and user in self.workspace.homes:
            event["view"] = self.workspace.homes[user].as_slack()
        envelope = {
            "token": "unused",
            "team_id": TEAM["id"],
            "api_app_id": APP_ID,
            "event": event,
            "type": "event_callback",
            "event_id": self.workspace.new_id("Ev"),
            "event_time": int(self.workspace.now().timestamp()),
            "authorizations": [
                {"team_id": TEAM["id"], "user_id": BOT_USER, "is_bot": True, "enterprise_id": None}
            ],
            "is_ext_shared_channel": False,
        }
        return self._post(json.dumps(envelope, ensure_ascii=False).encode(), "application/json")

    def _container(self, user: str, container: Message | View) -> Body:
        if isinstance(container, View):
            return {
                "container": {"type": "view", "view_id": container.id},
                "view": container.as_slack(container.typed),
            }
        about: Body = {
            "container": {
                "type": "message",
                "message_ts": container.ts,
                "channel_id": container.channel,
                "is_ephemeral": container.only_for is not None,
            },
            "channel": {"id": container.channel, "name": "directmessage"},
            "state": {"values": {}},
            "response_url": self._response_url(user, container.channel, container.ts),
        }
        return about if container.only_for else about | {"message": container.as_slack()}

    def _payload(self, kind: str, user: str) -> Body:
        person = self.workspace.people[user]
        return {
            "type": kind,
            "user": {
                "id": user,
                "username": _handle(person),
                "name": _handle(person),
                "team_id": TEAM["id"],
            },
            "api_app_id": APP_ID,
            "token": "unused",
            "team": TEAM,
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def _post_payload(self, payload: Body) -> Answer:
        written = json.dumps(payload, separators=(",", ":"))
        for sign, encoded in FORM_SIGNS:
            written = written.replace(sign, encoded)
        return self._post(f"payload={written}".encode(), FORM)

    def _post(self, body: bytes, content_type: str) -> Answer:
        stamp = str(int(self.workspace.now().timestamp()))
        signature = self._signer.generate_signature(timestamp=stamp, body=body)
        headers = {
            "Content-Type": content_type,
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": signature or "",
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        }
        return self.send(body, headers)

    def _response_url(self, user: str, channel: str, ts: str | None) -> str:
        return f"{self._base_url}/slack/respond/{self.workspace.new_reply(user, channel, ts)}"

    def _act_on(self, view: View, told: Body) -> None:
        """Carry out a view_submission's response_action; without one the modal closes."""
        action = told.get("response_action")
        view.errors = told.get("errors", {}) if action == "errors" else {}
        if action == "errors":
            return
        if action == "clear":
            self.workspace.modals[view.user] = []
        elif action == "update":
            view.body, view.hash, view.typed = told["view"], self.workspace.next_ts(), {}
        elif action == "push":
            pushed = self.workspace.new_view(view.user, told["view"])
            self.workspace.modals[view.user].append(pushed)
        else:
            self._drop(view)

    def _drop(self, view: View) -> None:
        stack = self.workspace.modals[view.user]
        self.workspace.modals[view.user] = [one for one in stack if one.id != view.id]

    def _show(self, told: Body, person: Person) -> None:
        try:
            self.api.take_answer(told, person.id, person.dm, None)
        except Refused as refused:
            self.workspace.refused.append(("command", refused.error))


def action_of(element: Body, chosen: str | None = None) -> Body:
    """The entry of `actions` for an element: a button's value, or the chosen option or date."""
    action: Body = {"action_id": element.get("action_id", ""), "type": element["type"]}
    if element["type"] == "button":
        action["text"] = element["text"]
        if "value" in element:
            action["value"] = element["value"]
    elif element["type"] == "datepicker":
        action["selected_date"] = chosen
    elif element["type"] == "timepicker":
        action["selected_time"] = chosen
    else:
        action["selected_option"] = option_of(element, chosen)
    return action


def option_of(element: Body, value: str | None) -> Body | None:
    """An option of a menu by its value."""
    groups = element.get("option_groups") or [{"options": element.get("options") or []}]
    options = (option for group in groups for option in group["options"])
    return next((option for option in options if option["value"] == value), None)


def _handle(person: Person) -> str:
    return person.email.partition("@")[0]
