"""Between the page's plain HTML forms and Block Kit's elements and state."""

import json
from collections.abc import Mapping
from typing import Any

from bot.sandbox.slack_check import elements_of
from bot.sandbox.slack_press import option_of
from bot.sandbox.slack_state import Block, View


def field_name(block_id: str, action_id: str) -> str:
    """The HTML name of an input in a modal."""
    return json.dumps([block_id, action_id], ensure_ascii=False)


def press_value(block_id: str, action_id: str, option: str | None = None) -> str:
    """The value of a page button that stands for a press."""
    return json.dumps([block_id, action_id, option], ensure_ascii=False)


def pressed(blocks: list[Block], value: str) -> tuple[Block, Block, str | None] | None:
    """Block, element and option behind a press, or None when they are no longer drawn."""
    try:
        block_id, action_id, option = json.loads(value)
    except ValueError:
        return None
    for block in blocks:
        if block.get("block_id") == block_id:
            for element in elements_of(block):
                if element.get("action_id") == action_id:
                    return block, element, option
    return None


def state_values(view: View, form: Mapping[str, str]) -> dict[str, Any]:
    """`state.values` of a modal from the posted form."""
    values: dict[str, Any] = {}
    for block in view.body.get("blocks", []):
        for element in elements_of(block):
            if element["type"] == "button" or "action_id" not in element:
                continue
            given = form.get(field_name(block["block_id"], element["action_id"]))
            values.setdefault(block["block_id"], {})[element["action_id"]] = _state(element, given)
    return values


def missing_inputs(view: View, values: dict[str, Any]) -> list[str]:
    """Blocks that must be filled and are not; Slack asks for them before it sends anything."""
    missing = []
    for block in view.body.get("blocks", []):
        if block["type"] == "input" and not block.get("optional"):
            state = values[block["block_id"]][block["element"]["action_id"]]
            if not any(state[key] for key in state if key != "type"):
                missing.append(str(block["block_id"]))
    return missing


def current_value(view: View | None, block: Block, element: Block) -> str:
    """What an input shows: what was typed, else its initial value."""
    typed_here = view.typed.get(str(block.get("block_id")), {}) if view else {}
    typed = typed_here.get(element.get("action_id"))
    if typed is not None:
        return _shown(typed)
    initial = element.get("initial_option")
    if isinstance(initial, dict):
        return str(initial.get("value", ""))
    for key in ("initial_value", "initial_date", "initial_time"):
        if element.get(key):
            return str(element[key])
    return ""


def _shown(state: dict[str, Any]) -> str:
    option = state.get("selected_option")
    if isinstance(option, dict):
        return str(option["value"])
    for key in ("value", "selected_date", "selected_time"):
        if state.get(key):
            return str(state[key])
    return ""


def _state(element: Block, given: str | None) -> dict[str, Any]:
    kind = element["type"]
    if kind == "datepicker":
        return {"type": kind, "selected_date": given or None}
    if kind == "timepicker":
        return {"type": kind, "selected_time": given or None}
    if kind in ("static_select", "radio_buttons", "overflow"):
        return {"type": kind, "selected_option": option_of(element, given)}
    if kind == "checkboxes":
        chosen = option_of(element, given)
        return {"type": kind, "selected_options": [chosen] if chosen else []}
    return {"type": kind, "value": given or None}
