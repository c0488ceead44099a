"""Every view with the longest and ugliest data, in both languages, within Slack's limits."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema
import pytest
from slack_sdk.models.blocks import Block as SdkBlock
from slack_sdk.models.views import View

from bot.rules.ranking import Reason
from bot.texts import catalogue
from bot.views.blocks import (
    MAX_BLOCKS,
    MAX_BUTTON,
    MAX_HOME_BLOCKS,
    MAX_MESSAGE,
    Block,
    escape,
)
from bot.views.callback_modal import callback_modal, read_promise
from bot.views.daily_list import ListPage, Logged, Row, daily_list, lead_card, summary
from bot.views.help import help_blocks, understand
from bot.views.home import OpenTask, home, home_for_stranger
from models.enums import Language, Outcome, Section, TaskKind

SCHEMA = Path(__file__).parents[2] / "shared/reference/slack/blocks.schema.json"
AT = datetime(2026, 11, 24, 10, 0, tzinfo=ZoneInfo("Asia/Tokyo"))
UGLY = "<!channel> <@U1> <http://x|bank> &lt; *b* `c` ~d~ _e_ \u202egnp.exe 👩‍👩‍👧‍👦 \x00\n\r\u2028"
NAMES = ["", " ", UGLY, "名" * 3000, UGLY * 100, "𠮷野家", "a" * 3001]


def a_row(number: int, name: str, **fields: Any) -> Row:
    reasons = tuple(
        Reason(key, {"on": "2026-11-20", "count": 9, "class_": "C2", "source": name}, 1.0)
        for key in ("reason.source", "reason.clicks", "reason.survey.within_3_months")
    )
    row = Row(
        entry_id=number, lead_id=number, place=number, section=list(Section)[number * 4 // 51],
        name=name, company=name, role=name, phone="+81312345678", phone_note=name, email=name,
        score=1.5, chance=0.3, reasons=reasons, callback_at=AT,
    )  # fmt: skip
    return replace(row, **fields)


def a_page(language: Language, name: str, logged: int = 20) -> ListPage:
    done = Logged(1, Outcome.CALLBACK, AT, name, undoable=True, callback_at=AT)
    rows = [a_row(n, name, logged=done if n <= logged else None) for n in range(1, 51)]
    return ListPage(1, name, language, date(2026, 11, 24), 50, 0, tuple(rows))


def every_view(language: Language, name: str) -> Iterator[tuple[str, Any]]:
    """Each thing the bot draws, with its name in Slack's schema."""
    page = a_page(language, name)
    yield "MessageBlocks", daily_list(page)
    yield "MessageBlocks", daily_list(a_page(language, name, logged=50))
    yield "MessageBlocks", lead_card(page.rows[0], language, "l1")
    yield "MessageBlocks", help_blocks(language, 15, name, "today")
    tasks = [OpenTask(n, list(TaskKind)[n % 3], name, name) for n in range(10)]
    yield "Home", home(name, language, page, tasks)
    yield "Home", home(name, language, None, tasks)
    yield "Home", home_for_stranger(language)
    yield "Modal", callback_modal(name, name, "e1", AT, language)


def blocks_of(view: Any) -> list[Block]:
    return view if isinstance(view, list) else view["blocks"]


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_every_view_is_within_slacks_limits(language: Language, name: str) -> None:
    for kind, view in every_view(language, name):
        blocks = blocks_of(view)
        assert 0 < len(blocks) <= (MAX_BLOCKS if kind == "MessageBlocks" else MAX_HOME_BLOCKS)
        for block in blocks:
            parsed = SdkBlock.parse(block)
            assert parsed is not None, block
            parsed.validate_json()
        by_hand(blocks)


def by_hand(blocks: list[Block]) -> None:
    """What neither slack_sdk nor the schema notices."""
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    assert len(ids) == len(set(ids))
    for block in blocks:
        elements = block.get("elements", []) if block["type"] == "actions" else []
        action_ids = [element["action_id"] for element in elements]
        assert len(action_ids) == len(set(action_ids))
        for element in elements:
            if element["type"] == "button":
                assert 0 < len(element["text"]["text"]) <= MAX_BUTTON
                assert len(element.get("accessibility_label", "x")) <= MAX_BUTTON
            for option in element.get("options", []):
                assert 0 < len(option["value"]) <= 150


@pytest.mark.parametrize("language", list(Language))
def test_the_message_stays_below_what_slack_takes_in_all(language: Language) -> None:
    blocks = daily_list(a_page(language, "名" * 300))

    letters = sum(len(text) for text in texts_of(blocks))

    assert letters < MAX_MESSAGE


def texts_of(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value["text"]
        for inner in value.values():
            yield from texts_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_of(inner)


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.skipif(not SCHEMA.exists(), reason="Slack's block schema is not beside the project")
def test_every_view_is_valid_against_slacks_schema(language: Language) -> None:
    schema = json.loads(SCHEMA.read_text("utf-8"))

    for kind, view in every_view(language, UGLY):
        definition = {**schema, "$ref": f"#/definitions/{kind}"}
        jsonschema.Draft7Validator(definition).validate(view)


def test_lead_data_is_shown_literally() -> None:
    blocks = daily_list(a_page(Language.EN, UGLY, logged=0))
    drawn = "".join(b["text"]["text"] for b in blocks if b["type"] == "section")

    assert "<!channel>" not in drawn
    assert "<@U1>" not in drawn
    assert "\u202e" not in drawn
    assert "&lt;!channel&gt;" in drawn


def test_an_entity_is_never_cut_in_half() -> None:
    assert escape("&" * 10, limit=5) == "&amp;" * 4 + "…"


def test_a_modal_holds_only_an_id_and_is_a_view_slack_accepts() -> None:
    for language in Language:
        view = callback_modal("山田", UGLY, "e12", AT, language)

        View(**view).validate_json()
        assert view["private_metadata"] == "e12"


@pytest.mark.parametrize("broken", [{}, {"promise_date": {"promise_date": {}}}])
def test_a_promise_without_a_date_is_none(broken: dict[str, Any]) -> None:
    assert read_promise(broken) is None


def test_buttons_name_the_lead_for_those_who_listen() -> None:
    [_, row] = lead_card(a_row(1, "山田 太郎"), Language.JA, "e1")

    spoken = [e["accessibility_label"] for e in row["elements"] if e["type"] == "button"]

    assert spoken == ["不在 - 山田 太郎", "再架電の約束 - 山田 太郎", "アポ獲得 - 山田 太郎"]


@pytest.mark.parametrize("language", list(Language))
def test_every_outcome_section_and_reason_has_its_words(language: Language) -> None:
    words = catalogue(language)

    assert all(f"outcome.{outcome}" in words for outcome in Outcome)
    assert all(f"section.{section}" in words for section in Section)
    assert summary(a_page(language, "Sato"))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("", "today"), ("  ヘルプ ", "help"), ("今日", "today"), ("Help", "help"), ("xyzzy", None)],
)
def test_words_are_understood_in_both_languages(typed: str, meant: str | None) -> None:
    assert understand(typed)[0] == meant


def test_an_overdue_promise_says_when_it_was() -> None:
    row = a_row(1, "山田", callback_at=AT)

    same_day = lead_card(row, Language.JA, "e1", AT.date())[0]["text"]["text"]
    days_later = lead_card(row, Language.JA, "e1", date(2026, 11, 26))[0]["text"]["text"]

    assert "約束の時刻 10:00" in same_day
    assert "約束は11月24日(火) 10:00でした" in days_later


def test_only_promises_with_a_time_are_counted_as_promised() -> None:
    rows = (a_row(1, "山田"), a_row(2, "鈴木", callback_at=None))
    page = ListPage(1, "佐藤", Language.EN, AT.date(), 50, 0, rows)

    assert summary(page).endswith("Promised: 1.")
