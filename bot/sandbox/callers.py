"""Salespeople at work: they read their list in Slack, dial, and press what came of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from bot.sandbox.company import Contact
from bot.sandbox.root import Sandbox
from bot.sandbox.slack_check import elements_of
from bot.sandbox.slack_press import action_of
from bot.sandbox.slack_state import Block, Message, Person
from bot.views.callback_modal import DATE, NOTE, TIME
from bot.views.daily_list import CALLBACK_PRESSED, OTHER_CHOSEN, UNDO_PRESSED

NUMBER = re.compile(r"<tel:(\+\d+)\|")
MISTAKES = 0.02  # of all presses are undone at once
PROMISE_HOURS = ("09:45", "11:00", "14:00", "16:30")


@dataclass(frozen=True)
class Row:
    """A lead as its row in the message shows it: a number to dial, buttons to press."""

    contact: Contact
    block: Block


class Callers:
    """Everybody's calls of a month, by seed."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox, self.world = sandbox, sandbox.world
        self.failed: list[str] = []

    def call(self, person: Person, count: int) -> None:
        """Work off that many of the leads that the newest list shows now."""
        message = self.newest_list(person)
        for row in list(rows_of(message, self.world.by_phone))[:count] if message else []:
            assert message is not None
            self._call_one(person, message, row)
        self.sandbox.settle()

    def newest_list(self, person: Person) -> Message | None:
        """The last message that carries a list."""
        messages = self.sandbox.workspace.messages[person.dm]
        return next((one for one in reversed(messages) if one.metadata), None)

    def _call_one(self, person: Person, message: Message, row: Row) -> None:
        now = self.sandbox.clock.now()
        chance = Random(f"{self.sandbox.seed} caller {row.contact.dialled} {now.isoformat()}")
        outcome = self.world.call_ends(row.contact, now)
        if outcome == "callback":
            self._promise(person, message, row, chance)
            return
        if chance.random() < MISTAKES:
            self._press(person, message, row.block, "no_answer")
            self._undo(person, message, row)
        self._press(person, message, row.block, outcome)
        self.world.told(row.contact, outcome, now)

    def _press(self, person: Person, message: Message, block: Block, outcome: str) -> None:
        element, option = _button(block, outcome)
        answer = self.sandbox.sender.press(person.id, message, block, action_of(element, option))
        if answer.status != 200:
            self.failed.append(f"{answer.status} for {outcome}")

    def _undo(self, person: Person, message: Message, row: Row) -> None:
        """The wrong button was pressed: the row is folded now, with its Undo."""
        self.sandbox.settle()
        key = str(row.block["block_id"]).removeprefix("act:")
        for block in message.blocks:
            for element in elements_of(block):
                if block["block_id"].endswith(key) and element["action_id"] == UNDO_PRESSED:
                    self.sandbox.sender.press(person.id, message, block, action_of(element))
                    self.sandbox.settle()
                    return
        self.failed.append("no Undo on a row that was just logged")

    def _promise(self, person: Person, message: Message, row: Row, chance: Random) -> None:
        """Open the dialog, choose a day and an hour, send it off."""
        self._press(person, message, row.block, "callback")
        self.sandbox.later.wait()
        stack = self.sandbox.workspace.modals[person.id]
        if not stack:
            self.failed.append("no dialog was opened for a promise")
            return
        day = self.sandbox.passing.days.add_workdays(
            self.sandbox.clock.local().date(), chance.randrange(1, 6)
        )
        values = {
            DATE: {DATE: {"type": "datepicker", "selected_date": day.isoformat()}},
            TIME: {TIME: {"type": "timepicker", "selected_time": chance.choice(PROMISE_HOURS)}},
            NOTE: {NOTE: {"type": "plain_text_input", "value": None}},
        }
        self.sandbox.sender.submit(stack[-1], values)
        if self.sandbox.workspace.modals[person.id]:
            self.failed.append("a promise was not taken")
            self.sandbox.sender.close(stack[-1])


def rows_of(message: Message, by_phone: dict[str, Contact]) -> Iterator[Row]:
    """The open rows of a list: the number in a lead's text, and the buttons below it."""
    contact: Contact | None = None
    for block in message.blocks:
        found = NUMBER.search(str((block.get("text") or {}).get("text", "")))
        if found:
            contact = by_phone.get(found.group(1))
        elif block["type"] == "actions" and contact is not None:
            yield Row(contact, block)
            contact = None


def _button(block: Block, outcome: str) -> tuple[Block, str | None]:
    """The button of an outcome, or the menu that holds it with the option to choose."""
    wanted = CALLBACK_PRESSED if outcome == "callback" else f"outcome:{outcome}"
    for element in block["elements"]:
        if element["action_id"] == wanted:
            return element, None
    menu = next(one for one in block["elements"] if one["action_id"] == OTHER_CHOSEN)
    options = (str(option["value"]) for option in menu["options"])
    return menu, next(value for value in options if value.startswith(f"{outcome}:"))
