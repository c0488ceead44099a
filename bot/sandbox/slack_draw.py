"""Block Kit text as HTML. Data is literal: everything is escaped before marks become tags."""

import re
from datetime import datetime
from html import escape
from typing import Any
from urllib.parse import urlsplit

from markupsafe import Markup

from bot.sandbox.clock import TOKYO
from bot.sandbox.slack_state import Workspace

JOINER = "\u2060"  # a word joiner after a mark keeps it from opening a format
STOP = rf"(?![\s{JOINER}])"
CODE = re.compile(r"```(.+?)```|`([^`\n]+)`", re.DOTALL)
MARKS = [
    (re.compile(rf"(?<![\w*])\*{STOP}([^*\n]+?)(?<!\s)\*(?![\w*{JOINER}])"), "strong"),
    (re.compile(rf"(?<![\w_])_{STOP}([^_\n]+?)(?<!\s)_(?![\w_{JOINER}])"), "em"),
    (re.compile(rf"(?<![\w~])~{STOP}([^~\n]+?)(?<!\s)~(?![\w~{JOINER}])"), "s"),
]
EMOJI = re.compile(r":([a-z0-9_+-]{2,40}):")
EMOJIS = {  # signs that most fonts have; others stay as written
    "alarm_clock": "◷",
    "calendar": "▦",
    "email": "✉",
    "envelope": "✉",
    "phone": "☎",
    "star": "★",
    "telephone_receiver": "☎",
    "warning": "⚠",
    "white_check_mark": "✔",
    "x": "✘",
}
REFERENCE = re.compile(r"<([^<>\n]+)>")
SAFE_SCHEMES = ("http", "https", "mailto", "tel")
DATE_FORMS = {
    "{date_num}": "%Y-%m-%d",
    "{date_short}": "%Y/%m/%d",
    "{date}": "%Y/%m/%d",
    "{date_pretty}": "%Y/%m/%d",
    "{date_long}": "%Y/%m/%d",
    "{time}": "%H:%M",
    "{time_secs}": "%H:%M:%S",
}


def mrkdwn(value: str, workspace: Workspace) -> Markup:
    """Slack's mrkdwn, as far as bots use it: marks, code, quotes, links, people, dates."""
    out, at = [], 0
    for found in CODE.finditer(value):
        out.append(_marked(value[at : found.start()], workspace))
        block, inline = found.group(1), found.group(2)
        tag, inner = ("pre", block) if block else ("code", inline)
        out.append(f"<{tag}>{_literal(inner)}</{tag}>")
        at = found.end()
    out.append(_marked(value[at:], workspace))
    return Markup("".join(out))


def text_object(value: Any, workspace: Workspace) -> Markup:
    """A text object: mrkdwn drawn, plain_text literal."""
    if not isinstance(value, dict):
        return Markup("")
    if value.get("type") == "mrkdwn":
        return mrkdwn(str(value["text"]), workspace)
    return Markup(escape(str(value["text"])).replace("\n", "<br>"))


def _literal(value: str) -> str:
    plain = value.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return escape(plain)


def _marked(value: str, workspace: Workspace) -> str:
    pieces, at = [], 0
    kept: list[str] = []
    for found in REFERENCE.finditer(value):
        pieces.append(_literal(value[at : found.start()]))
        kept.append(_reference(found.group(1), workspace))
        pieces.append(f"\x00{len(kept) - 1}\x00")
        at = found.end()
    html = "".join([*pieces, _literal(value[at:])])
    html = EMOJI.sub(lambda found: EMOJIS.get(found.group(1), found.group(0)), html)
    for pattern, tag in MARKS:
        html = pattern.sub(rf"<{tag}>\1</{tag}>", html)
    html = re.sub(r"^(?:&gt;) ?(.*)$", r"<q>\1</q>", html, flags=re.MULTILINE)
    html = html.replace("\n", "<br>")
    return re.sub(r"\x00(\d+)\x00", lambda found: kept[int(found.group(1))], html)


def _reference(inner: str, workspace: Workspace) -> str:
    target, _, label = inner.partition("|")
    if target.startswith("@"):
        person = workspace.people.get(target[1:])
        return f'<span class="mention">@{_literal(person.name if person else target[1:])}</span>'
    if target.startswith("!date^"):
        return _literal(_date(target, label))
    if target.startswith(("!", "#")):
        return f'<span class="mention">{_literal(label or target)}</span>'
    if urlsplit(target).scheme not in SAFE_SCHEMES:
        return _literal(f"<{inner}>")
    return (
        f'<a href="{_literal(target)}" target="_blank" rel="noopener noreferrer">'
        f"{_literal(label or target)}</a>"
    )


def _date(target: str, fallback: str) -> str:
    parts = target.split("^")
    if len(parts) < 3 or not parts[1].isdigit():
        return fallback
    moment = datetime.fromtimestamp(int(parts[1]), TOKYO)
    shown = parts[2]
    for name, form in DATE_FORMS.items():
        shown = shown.replace(name, moment.strftime(form))
    return shown
