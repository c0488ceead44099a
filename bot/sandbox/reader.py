"""A mail as its reader sees it: its links, and the HTML the page may show."""

import re
from dataclasses import dataclass
from functools import lru_cache
from html import escape, unescape

from bot.sandbox.sendgrid_api import Mail

LINK = re.compile(r"<a\b[^>]*>", re.IGNORECASE)
HREF = re.compile(r"""\bhref\s*=\s*("([^"]*)"|'([^']*)')""", re.IGNORECASE)
UNTRACKED = re.compile(r"""\bclicktracking\s*=\s*["']?off""", re.IGNORECASE)
PAGE = re.compile(r"https?://[^/]+/([su])/[^/]+")
Link = tuple[int, str]  # place from the top of the HTML, address


@dataclass(frozen=True)
class MailLinks:
    """What a reader of a mail can follow."""

    tracked: list[Link]  # what a scanner finds: everything SendGrid counts
    content: list[Link]  # of these, what is neither the survey nor the unsubscribe page
    survey: Link | None
    one_click: str  # the address in the List-Unsubscribe header


def links_of(mail: Mail) -> MailLinks:
    """All links of a mail's HTML part."""
    links = [(place, url, wanted) for place, (url, wanted) in enumerate(_links(mail))]
    tracks = mail.tracks("click_tracking")
    tracked = [(place, url) for place, url, wanted in links if wanted and tracks]
    return MailLinks(
        tracked=tracked,
        content=[link for link in tracked if not PAGE.fullmatch(link[1])],
        survey=next(((place, url) for place, url, _ in links if is_page(url, "s")), None),
        one_click=_one_click(mail),
    )


def shown_html(mail: Mail, click_base: str) -> str:
    """The HTML part for a frame: tracked links lead through our own host, all open a new tab."""
    tracks = mail.tracks("click_tracking")
    place = -1

    def rewritten(found: re.Match[str]) -> str:
        nonlocal place
        tag = found.group(0)
        href = HREF.search(tag)
        if not href:
            return tag
        place += 1
        if tracks and _is_tracked(tag):
            address = escape(f"{click_base}/{mail.number}/{place}")
            tag = f'{tag[: href.start()]}href="{address}"{tag[href.end() :]}'
        return f'{tag[:2]} target="_blank" rel="noopener"{tag[2:]}'

    return LINK.sub(rewritten, mail.content("text/html"))


def url_at(mail: Mail, place: int) -> str | None:
    """The address behind the link at a place."""
    links = _links(mail)
    return links[place][0] if 0 <= place < len(links) else None


def is_page(url: str, kind: str) -> bool:
    """Whether an address is the bot's survey (`s`) or unsubscribe (`u`) page."""
    found = PAGE.fullmatch(url)
    return bool(found) and found.group(1) == kind if found else False


def _links(mail: Mail) -> list[tuple[str, bool]]:
    """Address and whether it is tracked, in order; a reader's own values filled in."""
    template = next(
        (part["value"] for part in mail.request["content"] if part["type"] == "text/html"), ""
    )
    return [(unescape(mail.filled(raw)), tracked) for raw, tracked in _raw_links(template)]


@lru_cache(maxsize=16)  # one mailing's HTML is the same text for all its readers
def _raw_links(html: str) -> tuple[tuple[str, bool], ...]:
    tags = (found.group(0) for found in LINK.finditer(html))
    return tuple(
        (href.group(2) if href.group(2) is not None else href.group(3), _is_tracked(tag))
        for tag in tags
        if (href := HREF.search(tag))
    )


def _is_tracked(tag: str) -> bool:
    href = HREF.search(tag)
    address = (href.group(2) or href.group(3) or "") if href else ""
    return address.startswith(("http://", "https://")) and not UNTRACKED.search(tag)


def _one_click(mail: Mail) -> str:
    if mail.headers.get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click":
        return ""
    found = re.search(r"<(https?://[^>]+)>", mail.headers.get("List-Unsubscribe", ""))
    return found.group(1) if found else ""
