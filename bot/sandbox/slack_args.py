"""How the Web API reads what it is sent, and how it refuses."""

import json
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

Args = dict[str, Any]
READ_METHODS = {"users.lookupByEmail", "users.info", "conversations.history"}  # no JSON bodies


class Refused(Exception):
    """The `error` Slack answers with, and the sentences beside it."""

    def __init__(self, error: str, *messages: str) -> None:
        super().__init__(error)
        self.error, self.messages = error, list(messages)


def arguments(method: str, request: Request, body: bytes) -> Args:
    """The arguments of a call, from the address, a form or a JSON body."""
    args: Args = dict(request.query_params)
    kind = request.headers.get("content-type", "")
    if kind.startswith("application/json"):
        if method not in READ_METHODS:  # Slack reads JSON only in its writing methods
            args |= _json_object(body)
    else:
        form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        for name in ("blocks", "view", "metadata"):
            if name in form:
                args[name] = json_value(form.pop(name), name)
        args |= form
    return args


def _json_object(body: bytes) -> Args:
    value = json_value(body.decode("utf-8", "replace") or "{}", "body")
    if not isinstance(value, dict):
        raise Refused("json_not_object")
    return value


def json_value(value: str, name: str) -> Any:
    """A JSON text inside a call. Raises Refused as Slack names it."""
    try:
        return json.loads(value)
    except ValueError:
        raise Refused("invalid_blocks" if name == "blocks" else "invalid_json") from None


def needed(args: Args, name: str) -> str:
    """An argument the method cannot do without."""
    if not args.get(name):
        raise Refused("invalid_arguments", f"[ERROR] missing required field: {name}")
    return str(args[name])


def bearer(request: Request) -> str:
    """The token in the Authorization header."""
    return request.headers.get("authorization", "").removeprefix("Bearer ")
