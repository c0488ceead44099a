"""The dialog that takes a promise: date, time, and a note."""

from datetime import date, datetime, time
from typing import Any

from bot.texts import text
from bot.views.blocks import MAX_TITLE, Block, cut, escape, plain, section
from models.enums import Language

CALLBACK_MODAL = "promise"
DATE, TIME, NOTE = "promise_date", "promise_time", "promise_note"
MAX_NOTE = 1000


def callback_modal(
    name: str, company: str, value: str, suggested: datetime, language: Language
) -> Block:
    """`value` names the entry or lead; `suggested` is a local time to start from."""
    return {
        "type": "modal",
        "callback_id": CALLBACK_MODAL,
        "private_metadata": value,
        "title": plain(text("promise.title", language), MAX_TITLE),
        "submit": plain(text("promise.submit", language), MAX_TITLE),
        "close": plain(text("promise.close", language), MAX_TITLE),
        "blocks": [
            section(f"*{escape(name, 80)}*  {escape(company, 80)}", "who"),
            _input(DATE, text("promise.date", language), _date_picker(suggested)),
            _input(TIME, text("promise.time", language), _time_picker(suggested)),
            _input(NOTE, text("promise.note", language), _note(), optional=True),
        ],
    }


def read_promise(state: dict[str, Any]) -> tuple[date, time, str] | None:
    """What was entered, or None when date or time are missing or no such thing."""
    try:
        day = date.fromisoformat(state[DATE][DATE]["selected_date"])
        at = time.fromisoformat(state[TIME][TIME]["selected_time"])
    except (KeyError, TypeError, ValueError):
        return None
    note = str((state.get(NOTE, {}).get(NOTE) or {}).get("value") or "")
    return day, at, cut(note, MAX_NOTE)


def _input(block_id: str, label: str, element: Block, optional: bool = False) -> Block:
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain(label, 2000),
        "element": element,
        "optional": optional,
    }


def _date_picker(suggested: datetime) -> Block:
    return {
        "type": "datepicker",
        "action_id": DATE,
        "initial_date": suggested.date().isoformat(),
    }


def _time_picker(suggested: datetime) -> Block:
    return {
        "type": "timepicker",
        "action_id": TIME,
        "initial_time": f"{suggested.hour:02d}:{suggested.minute:02d}",
    }


def _note() -> Block:
    return {
        "type": "plain_text_input",
        "action_id": NOTE,
        "multiline": True,
        "max_length": MAX_NOTE,
    }
