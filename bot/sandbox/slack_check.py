"""What Slack refuses, as far as it is known: Block Kit's limits and rules.

slack_sdk's models know most lengths; the rules they miss are written out here.
"""

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block as SdkBlock
from slack_sdk.models.views import View as SdkView

Block = dict[str, Any]

MAX_BLOCKS = {"message": 50, "modal": 100, "home": 100}
MAX_MESSAGE = 13_000
MAX_FIELD, MAX_LABEL, MAX_OPTION_VALUE, MAX_OPTION_TEXT = 2000, 75, 150, 75
MAX_ID = 255
MARKED_MENUS = ("radio_buttons", "checkboxes")
MENUS = ("overflow", "static_select", "multi_static_select", "radio_buttons", "checkboxes")
PLAIN_ONLY = ("placeholder", "title", "label", "hint", "submit", "close", "confirm", "deny")


def block_faults(blocks: Any, surface: str, *, thorough: bool = True) -> list[str]:
    """Every reason for which Slack would answer `invalid_blocks`.

    Without `thorough`, slack_sdk's models are not asked; they take most of the time.
    """
    if not isinstance(blocks, list):
        return ["blocks must be a list"]
    faults = []
    if len(blocks) > MAX_BLOCKS[surface]:
        faults.append(f"no more than {MAX_BLOCKS[surface]} items allowed [json-pointer:/blocks]")
    faults += _repeated(blocks, "block_id")
    for place, block in enumerate(blocks):
        found = _checked(json.dumps(block, sort_keys=True), thorough)
        faults += [f"{fault} [json-pointer:/blocks/{place}]" for fault in found]
    return faults


def view_faults(view: Any) -> list[str]:
    """Every reason for which Slack would refuse a modal or a Home."""
    if not isinstance(view, dict) or view.get("type") not in ("modal", "home"):
        return ["view.type must be modal or home"]
    faults = block_faults(view.get("blocks"), view["type"])
    if view["type"] == "modal":
        inputs = any(block.get("type") == "input" for block in view.get("blocks") or [])
        if inputs and not view.get("submit"):
            faults.append("a modal with an input block needs `submit`")
        if not view.get("title"):
            faults.append("a modal needs `title`")
    if not faults:
        faults += _models(lambda: SdkView(**view).to_dict())
    return faults


def too_long(blocks: list[Block]) -> bool:
    """Whether all texts together are more than Slack takes (`msg_blocks_too_long`)."""
    return sum(len(value) for value in _texts(blocks)) > MAX_MESSAGE


def elements_of(block: Block) -> list[Block]:
    """The interactive elements of a block: those of actions, an accessory, an input's element."""
    found = list(block.get("elements") or []) if block.get("type") == "actions" else []
    found += [block[key] for key in ("accessory", "element") if isinstance(block.get(key), dict)]
    return found


@lru_cache(maxsize=4096)  # a message that is updated repeats most of its blocks
def _checked(written: str, thorough: bool) -> tuple[str, ...]:
    block = json.loads(written)
    if not isinstance(block, dict) or not isinstance(block.get("type"), str):
        return ("a block needs a type",)
    by_models = _models(lambda: _parsed(block)) if thorough else []
    return (*by_models, *_one_block(block))


def _one_block(block: Block) -> list[str]:
    faults = []
    if len(block.get("block_id", "")) > MAX_ID:
        faults.append("block_id is too long")
    if block["type"] == "actions" and not block.get("elements"):
        faults.append("no elements")
    for field in block.get("fields") or []:
        if len(field.get("text", "")) > MAX_FIELD:
            faults.append("a field is longer than 2000")
    faults += _empty_texts(block)
    elements = elements_of(block)
    faults += _repeated(elements, "action_id")
    for element in elements:
        faults += _one_element(element)
    return faults


def _parsed(block: Block) -> Any:
    parsed = SdkBlock.parse(block)
    if parsed is None:
        raise SlackObjectFormationError(f"unsupported type: {block['type']}")
    return parsed.to_dict()


def _one_element(element: Block) -> list[str]:
    faults = []
    if len(element.get("action_id", "")) > MAX_ID:
        faults.append("action_id is too long")
    if element.get("type") == "button":
        if len(element.get("text", {}).get("text", "")) > MAX_LABEL:
            faults.append("a button's text is longer than 75")
        if len(element.get("accessibility_label", "")) > MAX_LABEL:
            faults.append("an accessibility_label is longer than 75")
    if element.get("type") in MENUS:
        faults += _options(element)
    return faults


def _options(menu: Block) -> list[str]:
    options = menu.get("options") or [
        option for group in menu.get("option_groups", []) for option in group.get("options", [])
    ]
    if not options:
        return [f"{menu['type']} needs options"]
    values = [option.get("value", "") for option in options]
    faults = []
    if any(len(value) > MAX_OPTION_VALUE for value in values):
        faults.append("an option's value is longer than 150")
    texts = [option.get("text", {}) for option in options]
    if any(len(text.get("text", "")) > MAX_OPTION_TEXT for text in texts):
        faults.append("an option's text is longer than 75")
    if menu["type"] not in MARKED_MENUS and any(text.get("type") != "plain_text" for text in texts):
        faults.append("an option's text must be plain_text")
    if len(set(values)) < len(values):
        faults.append("two options have one value")
    return faults


def _empty_texts(block: Block) -> list[str]:
    empty = any(not str(one.get("text", "")).strip("\n") for one in _text_objects(block))
    wrong = [
        name
        for owner, name, one in _named_texts(block)
        if one.get("type") == "mrkdwn" and (name in PLAIN_ONLY or owner in ("button", "header"))
    ]
    return ["a text is empty"] * empty + [f"{name} must be plain_text" for name in wrong]


def _named_texts(node: Any) -> Iterator[tuple[str, str, Block]]:
    for child in node if isinstance(node, list) else []:
        yield from _named_texts(child)
    if isinstance(node, dict):
        for name, child in node.items():
            if isinstance(child, dict) and child.get("type") in ("mrkdwn", "plain_text"):
                yield str(node.get("type", "")), name, child
            yield from _named_texts(child)


def _text_objects(node: Any) -> Iterator[Block]:
    if isinstance(node, dict):
        if node.get("type") in ("mrkdwn", "plain_text"):
            yield node
        for child in node.values():
            yield from _text_objects(child)
    elif isinstance(node, list):
        for child in node:
            yield from _text_objects(child)


def _texts(node: Any) -> Iterator[str]:
    return (str(one.get("text", "")) for one in _text_objects(node))


def _repeated(items: list[Any], key: str) -> list[str]:
    seen = [item[key] for item in items if isinstance(item, dict) and item.get(key)]
    return [f"{key} is used twice: {name}" for name in sorted(set(seen)) if seen.count(name) > 1]


def _models(build: Any) -> list[str]:
    try:
        build()
    except (SlackObjectFormationError, TypeError, ValueError, KeyError, AttributeError) as error:
        return [str(error)]
    return []
