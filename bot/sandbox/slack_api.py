"""The stand-in's Web API: the methods callfirst uses, answering as Slack answers."""

import json
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.sandbox import slack_check
from bot.sandbox.in_thread import in_thread
from bot.sandbox.slack_args import Args, Refused, arguments, bearer, json_value, needed
from bot.sandbox.slack_state import BOT_ID, BOT_USER, TEAM, Message, Workspace

MAX_TEXT, MAX_UPDATE_TEXT = 40_000, 4_000


class SlackApi:
    """One workspace behind one bot token."""

    def __init__(self, workspace: Workspace, token: str) -> None:
        self.workspace, self.token = workspace, token
        self.thorough = True  # ask slack_sdk's models about every block
        self.methods: dict[str, Callable[[Args], Args]] = {
            "auth.test": self.auth_test,
            "users.lookupByEmail": self.lookup_by_email,
            "users.info": self.user_info,
            "conversations.open": self.open_conversation,
            "conversations.history": self.history,
            "chat.postMessage": self.post_message,
            "chat.postEphemeral": self.post_ephemeral,
            "chat.update": self.update_message,
            "views.open": self.open_view,
            "views.update": self.update_view,
            "views.publish": self.publish_view,
        }

    def routes(self) -> list[Route]:
        return [
            Route("/slack/api/{method}", in_thread(self.call), methods=["GET", "POST"]),
            Route("/slack/respond/{token}", in_thread(self.respond), methods=["POST"]),
        ]

    def call(self, request: Request, body: bytes) -> Response:
        """Answer one call of the Web API."""
        method = request.path_params["method"]
        try:
            args = arguments(method, request, body)
            if self.token not in (args.get("token"), bearer(request)):
                raise Refused("invalid_auth")
        except Refused as refused:
            return JSONResponse(self._refusal(method, refused))
        return JSONResponse(self.answer(method, args))

    def answer(self, method: str, args: Args) -> Args:
        """What Slack answers to a call that came with the right token."""
        try:
            if method not in self.methods:
                raise Refused("unknown_method")
            with self.workspace.lock:
                return {"ok": True, **self.methods[method](args)}
        except Refused as refused:
            return self._refusal(method, refused)

    def _refusal(self, method: str, refused: Refused) -> Args:
        self.workspace.refused.append((method, refused.error))
        told = {"response_metadata": {"messages": refused.messages}} if refused.messages else {}
        return {"ok": False, "error": refused.error, **told}

    def respond(self, request: Request, body: bytes) -> Response:
        """Take what is posted to a response_url."""
        with self.workspace.lock:
            reply = self.workspace.use_reply(request.path_params["token"])
            if reply is None:
                return PlainTextResponse("used_url", 404)
            try:
                answer = json.loads(body)
                self.take_answer(answer, reply.user, reply.channel, reply.message_ts)
            except (ValueError, AttributeError):
                return PlainTextResponse("invalid_payload", 400)
            except Refused as refused:
                self.workspace.refused.append(("response_url", refused.error))
                return PlainTextResponse(refused.error, 400)
        return PlainTextResponse("ok")

    def take_answer(self, answer: Args, user: str, channel: str, about: str | None) -> None:
        """Show an answer to an interaction or a command: new, replacing, or taking away."""
        original = self.workspace.find(channel, about) if about else None
        if answer.get("delete_original") and original:
            self.workspace.messages[channel].remove(original)
            return
        text, blocks = self._checked_content(answer, "response_url")
        if answer.get("replace_original") and original:
            original.text, original.blocks, original.edited = text, blocks, True
            return
        alone = answer.get("response_type", "ephemeral") == "ephemeral"
        self.workspace.add(
            Message(
                self.workspace.next_ts(), channel, text, blocks, only_for=user if alone else None
            )
        )

    def auth_test(self, _args: Args) -> Args:
        return {
            "url": f"https://{TEAM['domain']}.slack.example/",
            "team": TEAM["domain"],
            "team_id": TEAM["id"],
            "user": "callfirst",
            "user_id": BOT_USER,
            "bot_id": BOT_ID,
            "is_enterprise_install": False,
        }

    def lookup_by_email(self, args: Args) -> Args:
        email = needed(args, "email")
        for person in self.workspace.people.values():
            if person.email == email:
                return {"user": person.as_slack()}
        raise Refused("users_not_found")

    def user_info(self, args: Args) -> Args:
        person = self.workspace.people.get(needed(args, "user"))
        if person is None:
            raise Refused("user_not_found")
        return {"user": person.as_slack()}

    def open_conversation(self, args: Args) -> Args:
        person = self.workspace.people.get(needed(args, "users"))
        if person is None:
            raise Refused("user_not_found")
        return {"channel": {"id": person.dm}}

    def history(self, args: Args) -> Args:
        messages = self._channel(args)
        oldest, latest = float(args.get("oldest") or 0), float(args.get("latest") or "inf")
        found = [
            one.as_slack() | ({"metadata": one.metadata} if one.metadata else {})
            for one in reversed(messages)
            if one.only_for is None and oldest < float(one.ts) <= latest
        ]
        return {"messages": found[: int(args.get("limit") or 100)], "has_more": False}

    def post_message(self, args: Args) -> Args:
        channel = self._dm_of(args)
        text, blocks = self._checked_content(args, "chat.postMessage")
        message = Message(
            self.workspace.next_ts(), channel, text[:MAX_TEXT], blocks, args.get("metadata")
        )
        self.workspace.add(message)
        return {"channel": channel, "ts": message.ts, "message": message.as_slack()}

    def post_ephemeral(self, args: Args) -> Args:
        channel, user = self._dm_of(args), needed(args, "user")
        text, blocks = self._checked_content(args, "chat.postEphemeral")
        message = Message(self.workspace.next_ts(), channel, text, blocks, only_for=user)
        self.workspace.add(message)
        return {"message_ts": message.ts}

    def update_message(self, args: Args) -> Args:
        self._channel(args)
        message = self.workspace.find(args["channel"], needed(args, "ts"))
        if message is None or message.only_for:
            raise Refused("message_not_found")
        text, blocks = self._checked_content(args, "chat.update")
        if len(text) > MAX_UPDATE_TEXT:
            raise Refused("msg_too_long")
        message.text, message.blocks, message.edited = text, blocks, True
        message.metadata = args.get("metadata") or message.metadata
        return {"channel": message.channel, "ts": message.ts, "text": text}

    def open_view(self, args: Args) -> Args:
        user = self.workspace.use_trigger(needed(args, "trigger_id"))
        if user is None:
            raise Refused("expired_trigger_id")
        view = self.workspace.new_view(user, _checked_view(args, "modal", self.workspace))
        if len(self.workspace.modals[user]) >= 3:
            raise Refused("push_limit_reached")
        self.workspace.modals[user] = [*self.workspace.modals[user], view]
        return {"view": view.as_slack()}

    def update_view(self, args: Args) -> Args:
        wanted = needed(args, "view_id")
        for view in (one for stack in self.workspace.modals.values() for one in stack):
            if view.id == wanted:
                if args.get("hash") not in (None, view.hash):
                    raise Refused("hash_conflict")
                view.body, view.hash = (
                    _checked_view(args, "modal", self.workspace),
                    self.workspace.next_ts(),
                )
                return {"view": view.as_slack()}
        raise Refused("not_found")

    def publish_view(self, args: Args) -> Args:
        user = needed(args, "user_id")
        if user not in self.workspace.people:
            raise Refused("user_not_found")
        known = self.workspace.homes.get(user)
        if known and args.get("hash") not in (None, known.hash):
            raise Refused("hash_conflict")
        view = self.workspace.new_view(user, _checked_view(args, "home", self.workspace))
        self.workspace.homes[user] = view
        return {"view": view.as_slack()}

    def _checked_content(self, args: Args, method: str) -> tuple[str, list[dict[str, Any]]]:
        """Text and blocks, refused as Slack refuses them; a missing text is noted as a fault."""
        text, blocks = str(args.get("text") or ""), args.get("blocks") or []
        if not text and not blocks:
            raise Refused("no_text")
        if faults := slack_check.block_faults(blocks, "message", thorough=self.thorough):
            raise Refused("invalid_blocks", *faults)
        if slack_check.too_long(blocks):
            raise Refused("msg_blocks_too_long")
        if not text:
            self.workspace.faults.append(f"{method}: no top-level text beside the blocks")
        return text, _with_ids(blocks, self.workspace)

    def _channel(self, args: Args) -> list[Message]:
        messages = self.workspace.messages.get(needed(args, "channel"))
        if messages is None:
            raise Refused("channel_not_found")
        return messages

    def _dm_of(self, args: Args) -> str:
        """The channel of a post; a user's id means the direct messages with them."""
        person = self.workspace.people.get(needed(args, "channel"))
        channel = person.dm if person else str(args["channel"])
        if channel not in self.workspace.messages:
            raise Refused("channel_not_found")
        return channel


def _checked_view(args: Args, surface: str, workspace: Workspace) -> Args:
    view = args.get("view")
    if isinstance(view, str):
        view = json_value(view, "view")
    faults = slack_check.view_faults(view)
    if faults or not isinstance(view, dict) or view["type"] != surface:
        raise Refused("invalid_arguments", *faults)
    return {**view, "blocks": _with_ids(view["blocks"], workspace)}


def _with_ids(blocks: list[Args], workspace: Workspace) -> list[Args]:
    return [
        {**block, "block_id": block.get("block_id") or workspace.new_id("b")} for block in blocks
    ]
