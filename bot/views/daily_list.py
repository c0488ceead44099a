"""The daily list as a Slack message, and the action ids of what can be pressed in it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

import phonenumbers

from bot.rules.ranking import Reason, shown
from bot.texts import clock_time, day, text
from bot.views.blocks import (
    MAX_BUTTON,
    Block,
    actions,
    button,
    context,
    cut,
    escape,
    header,
    plain,
    section,
)
from models.enums import Language, Outcome, Section

OUTCOME_PRESSED = re.compile(r"^outcome:[a-z_]+$")
CALLBACK_PRESSED = "promise:open"
OTHER_CHOSEN = "outcome_other"
UNDO_PRESSED = "outcome_undo"
NEXT_PRESSED = "list_next"

WINDOW = 7  # leads shown at once: what a phone's screen bears
FOLDED = 10  # logged rows that still show their Undo
QUICK = (Outcome.NO_ANSWER, Outcome.CALLBACK, Outcome.APPOINTMENT)


@dataclass(frozen=True)
class Logged:
    """What came of the call, as it is shown; times are local to the reader."""

    call_id: int
    outcome: Outcome
    at: datetime
    by: str
    undoable: bool
    callback_at: datetime | None = None


@dataclass(frozen=True)
class Row:
    """One lead on the list. `reasons` stand in the order they are told."""

    entry_id: int
    lead_id: int
    place: int
    section: Section
    name: str
    company: str
    role: str
    phone: str
    phone_note: str
    email: str
    score: float
    chance: float
    reasons: tuple[Reason, ...]
    callback_at: datetime | None = None
    logged: Logged | None = None


@dataclass(frozen=True)
class ListPage:
    """Everything one salesperson's list shows."""

    list_id: int
    salesperson: str
    language: Language
    day: date
    capacity: int
    window_start: int
    rows: tuple[Row, ...]

    @property
    def open_rows(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.logged is None)

    @property
    def logged_rows(self) -> tuple[Row, ...]:
        """Latest first."""
        done = [row for row in self.rows if row.logged is not None]
        return tuple(sorted(done, key=_when_logged, reverse=True))


def summary(page: ListPage) -> str:
    """The message's plain text: what a notification and a screen reader say."""
    return text(
        "list.summary",
        page.language,
        day=day(page.day, page.language),
        open=len(page.open_rows),
        promised=_promised(page),
    )


def daily_list(page: ListPage) -> list[Block]:
    """The whole message: progress, what was just logged, the next leads with their buttons."""
    language = page.language
    blocks = [
        header(text("list.title", language, day=day(page.day, language)), "title"),
        context(_progress(page), "progress"),
        *[_folded(row, language) for row in page.logged_rows[:FOLDED]],
    ]
    shown = _window(page)
    if not shown:
        said = "list.all_done" if page.rows else "list.nothing"
        blocks.append(section(text(said, language), "all_done"))
        return blocks
    blocks.append({"type": "divider"})
    blocks += _rows(shown, page)
    if len(page.open_rows) > WINDOW:
        blocks.append(actions([_next_button(page)], "more"))
    return blocks


def lead_card(row: Row, language: Language, value: str, today: date | None = None) -> list[Block]:
    """One lead: who, why, and the buttons. `value` names the entry or the lead to the handler."""
    return [
        section(_lead_text(row, language, today), f"lead:{value}"),
        actions(_buttons(row, language, value), f"act:{value}"),
    ]


def folded_line(name: str, company: str, logged: Logged, language: Language) -> str:
    """What remains of a row once its call is logged: 「不在」 山田 太郎(青葉商事) 10:02 佐藤."""
    line = text(
        "list.folded",
        language,
        outcome=text(f"outcome.{logged.outcome}", language),
        name=escape(name, 80),
        company=escape(company, 80),
        time=clock_time(logged.at, language),
        by=escape(logged.by, 40),
    )
    if logged.callback_at:
        when = (
            f"{day(logged.callback_at.date(), language)} {clock_time(logged.callback_at, language)}"
        )
        line += text("list.promised_for", language, when=when)
    return line


def reason_text(reason: Reason, language: Language) -> str:
    """A reason as a sentence in the reader's language; ISO dates become days."""
    values = dict(reason.values)
    if "on" in values:
        values["on"] = day(date.fromisoformat(values["on"]), language)
    return text(reason.key, language, **values)


@lru_cache(maxsize=4096)  # reading a number takes longer than all else in a row
def phone_text(number: str) -> str:
    """A number as people of its country write it; what cannot be read stays as it is."""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return number
    national = parsed.country_code == 81
    style = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(parsed, style.NATIONAL if national else style.INTERNATIONAL)


def undo_button(logged: Logged, name: str, language: Language) -> Block:
    label = text("list.undo", language)
    return button(label, UNDO_PRESSED, str(logged.call_id), spoken=f"{label} - {name}")


def _when_logged(row: Row) -> tuple[datetime, int]:
    assert row.logged is not None
    return row.logged.at, row.logged.call_id


def _promised(page: ListPage) -> int:
    """Open promises with a time; who only said they are interested was promised none."""
    return sum(row.callback_at is not None for row in page.open_rows)


def _progress(page: ListPage) -> str:
    return text(
        "list.progress",
        page.language,
        name=escape(page.salesperson, 60),
        open=len(page.open_rows),
        done=len(page.logged_rows),
        promised=_promised(page),
    )


def _window(page: ListPage) -> tuple[Row, ...]:
    """The open rows on show; past the end it starts again from the top."""
    rows = page.open_rows
    start = page.window_start if page.window_start < len(rows) else 0
    return rows[start : start + WINDOW]


def _rows(rows: Sequence[Row], page: ListPage) -> list[Block]:
    language = page.language
    blocks: list[Block] = []
    for before, row in zip([None, *rows], rows, strict=False):
        if before is None or before.section is not row.section:
            title = text(f"section.{row.section}", language)
            blocks.append(context(f"*{title}*", f"section:{row.section}"))
        blocks += lead_card(row, language, f"e{row.entry_id}", page.day)
    return blocks


def _lead_text(row: Row, language: Language, today: date | None) -> str:
    head = f"*{row.place}. {escape(row.name, 80)}*" if row.place else f"*{escape(row.name, 80)}*"
    who = " ・ ".join(escape(part, 80) for part in (row.company, row.role) if part)
    lines = [f"{head}  {who}", _phone_line(row)]
    if row.callback_at:
        lines.append(_promise_line(row.callback_at, language, today))
    lines += [f"• {_escaped_reason(r, language)}" for r in shown(row.reasons)]
    return "\n".join(line for line in lines if line)


def _promise_line(at: datetime, language: Language, today: date | None) -> str:
    time = clock_time(at, language)
    if today is None or at.date() == today:
        return text("list.promise", language, time=time)
    return text("list.promise_overdue", language, day=day(at.date(), language), time=time)


def _escaped_reason(reason: Reason, language: Language) -> str:
    """Values such as a source were written by people, so the sentence is data too."""
    return escape(reason_text(reason, language))


def _phone_line(row: Row) -> str:
    if not row.phone:
        return ""
    shown = escape(phone_text(row.phone), 40)
    link = f"<tel:{row.phone}|{shown}>" if row.phone.startswith("+") else shown
    return f":telephone_receiver: {link} {escape(row.phone_note, 60)}".rstrip()


def _buttons(row: Row, language: Language, value: str) -> list[Block]:
    drawn = [_outcome_button(outcome, row, language, value) for outcome in QUICK]
    others = [outcome for outcome in Outcome if outcome not in QUICK]
    drawn.append(
        {
            "type": "static_select",
            "action_id": OTHER_CHOSEN,
            "placeholder": plain(text("list.other", language), MAX_BUTTON),
            "options": [
                {"text": plain(text(f"outcome.{o}", language), 75), "value": f"{o}:{value}"}
                for o in others
            ],
        }
    )
    return drawn


def _outcome_button(outcome: Outcome, row: Row, language: Language, value: str) -> Block:
    label = text(f"outcome.{outcome}", language)
    action_id = CALLBACK_PRESSED if outcome is Outcome.CALLBACK else f"outcome:{outcome}"
    style = "primary" if outcome is Outcome.APPOINTMENT else None
    return button(label, action_id, value, spoken=f"{label} - {row.name}", style=style)


def _folded(row: Row, language: Language) -> Block:
    assert row.logged is not None
    undo = undo_button(row.logged, row.name, language) if row.logged.undoable else None
    line = folded_line(row.name, row.company, row.logged, language)
    return section(line, f"done:e{row.entry_id}", undo)


def _next_button(page: ListPage) -> Block:
    label = text("list.next", page.language, count=len(page.open_rows))
    return button(cut(label, MAX_BUTTON), NEXT_PRESSED, str(page.list_id))
