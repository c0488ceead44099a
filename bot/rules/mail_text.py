"""The Markdown an author writes, read into HTML, text and the links that are tracked.

Placeholders are a closed list and stay as `{{name}}` here; raw HTML is shown as text, and the
result is cleaned once more by an allow-list.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

PLACEHOLDERS = re.compile(r"\{\{\s*(name|company|salesperson)\s*\}\}")
SURVEY = "{{survey}}"  # where a delivery's own survey address goes
SURVEY_TARGET = "survey"  # how an author writes it: [a question](survey)

LINK_STYLE = "color:#1a5fb4;text-decoration:underline"
STYLES = {
    "h1": "font-size:22px;line-height:1.4;margin:0 0 16px",
    "h2": "font-size:18px;line-height:1.4;margin:24px 0 12px",
    "h3": "font-size:16px;line-height:1.4;margin:20px 0 8px",
    "p": "margin:0 0 16px",
    "ul": "margin:0 0 16px;padding-left:24px",
    "ol": "margin:0 0 16px;padding-left:24px",
    "li": "margin:0 0 6px",
    "blockquote": "margin:0 0 16px;padding:0 0 0 12px;border-left:3px solid #9a9996",
    "hr": "border:0;border-top:1px solid #9a9996;margin:24px 0",
    "img": "max-width:100%;height:auto;border:0",
    "pre": "white-space:pre-wrap;margin:0 0 16px",
    "a": LINK_STYLE,
}
UNSPACED = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]")  # scripts without blanks
PARSER = MarkdownIt("commonmark", {"html": False})
TAGS = {*STYLES, "strong", "em", "code", "br"}
ATTRIBUTES = {
    "*": {"style"},
    "a": {"href", "title"},
    "img": {"src", "alt", "title"},
    "ol": {"start"},
}


@dataclass(frozen=True)
class Link:
    """A tracked link: the address exactly as it stands in the mail."""

    url: str
    label: str


@dataclass(frozen=True)
class MailBody:
    """A body read: placeholders still in it. `broken` are links nobody could follow."""

    html: str
    text: str
    title: str
    links: tuple[Link, ...]
    broken: tuple[str, ...]
    has_survey: bool

    @property
    def tracked(self) -> int:
        """How many tracked links a reader gets; the survey's, always there, is one of them."""
        return len(self.links) + 1


def _softbreak(
    _renderer: object, tokens: Sequence[Token], place: int, _options: object, _env: object
) -> str:
    """A line's end in the source is a blank in the mail, but not between Japanese letters."""
    before = "".join(token.content for token in tokens[:place])[-1:]
    after = "".join(token.content for token in tokens[place + 1 :])[:1]
    return "" if UNSPACED.match(before) and UNSPACED.match(after) else "\n"


PARSER.add_render_rule("softbreak", _softbreak)


def read_body(markdown: str) -> MailBody:
    """Read a body. Never raises; what is wrong with it is for `faults` and `findings`."""
    tokens = PARSER.parse(markdown)
    inline = [child for token in tokens for child in token.children or ()]
    links, broken, has_survey = _collect(inline)
    for token in [*tokens, *inline]:
        if token.nesting >= 0 and token.tag in STYLES:
            token.attrSet("style", STYLES[token.tag])
    rendered = PARSER.renderer.render(tokens, PARSER.options, {})
    return MailBody(
        html=nh3.clean(
            rendered,
            tags=TAGS,
            attributes=ATTRIBUTES,
            url_schemes={"http", "https", "mailto"},
            link_rel=None,
        ),
        text=_as_text(tokens),
        title=_title(tokens),
        links=links,
        broken=broken,
        has_survey=has_survey,
    )


def normal_url(url: str) -> str:
    """An address as it will stand in the mail, so that front matter can name a link."""
    return PARSER.normalizeLink(url.strip())


def is_followable(url: str) -> bool:
    """Whether a reader can follow it: http(s) with a host, and no placeholder inside."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return False
    placeholder = "{{" in url or "%7B%7B" in url
    return parts.scheme in ("http", "https") and "." in host.strip(".") and not placeholder


def _collect(inline: Sequence[Token]) -> tuple[tuple[Link, ...], tuple[str, ...], bool]:
    links: dict[str, Link] = {}
    broken: list[str] = []
    has_survey = False
    for place, token in enumerate(inline):
        if token.type == "text" and "](" in token.content:
            broken.append(token.content)  # Markdown refused it: javascript:, a blank inside, …
        if token.type != "link_open":
            continue
        url = str(token.attrGet("href"))
        if url == SURVEY_TARGET:
            token.attrSet("href", SURVEY)
            has_survey = True
        elif is_followable(url):
            links.setdefault(url, Link(url, _label(inline[place + 1 :])))
        elif not url.startswith("mailto:"):
            broken.append(url)
    return tuple(links.values()), tuple(broken), has_survey


def _label(after: Iterable[Token]) -> str:
    words: list[str] = []
    for token in after:
        if token.type == "link_close":
            break
        words.append(token.content)
    return "".join(words).strip()


def _title(tokens: Sequence[Token]) -> str:
    for token, following in zip(tokens, tokens[1:], strict=False):
        if token.type == "heading_open":
            return _inline_text(following.children or ())
    return ""


def _as_text(tokens: Sequence[Token]) -> str:
    """The author's words with links written out, one blank line between paragraphs."""
    lines: list[str] = []
    lists: list[int | None] = []  # the next number of each open list; None: bullets
    mark = ""
    for token in tokens:
        if token.type.endswith("_list_open"):
            lists.append(int(token.attrGet("start") or 1) if token.tag == "ol" else None)
        elif token.type.endswith("_list_close"):
            lists.pop()
            mark = "  " * len(lists)
        elif token.type == "list_item_open":
            mark = _item_mark(lists)
        elif words := _block_text(token):
            lines.append(mark + words)
            mark = "  " * len(lists)
        if not lists and lines and token.nesting <= 0:
            lines.append("")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def _block_text(token: Token) -> str:
    if token.type == "inline":
        return _inline_text(token.children or ())
    if token.type == "hr":
        return "-" * 20
    return token.content.rstrip("\n")  # of a code block; nothing for the rest


def _item_mark(lists: list[int | None]) -> str:
    number = lists[-1]
    if number is not None:
        lists[-1] = number + 1
    return "  " * (len(lists) - 1) + ("- " if number is None else f"{number}. ")


def _inline_text(children: Sequence[Token]) -> str:
    """Inline words; a link becomes `label <address>`, which mail programs make clickable."""
    written: list[str] = []
    address, start = "", 0
    for token in children:
        if token.type == "link_open":
            address, start = str(token.attrGet("href")), len(written)
        elif token.type == "link_close":
            label = "".join(written[start:])
            written[start:] = [f"<{address}>" if label == address else f"{label} <{address}>"]
        elif token.type in ("softbreak", "hardbreak"):
            written.append("\n")
        else:
            written.append(token.content)
    return "".join(written)
