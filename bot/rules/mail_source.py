"""An info mail's source: YAML front matter and a Markdown body, read and refused when saved."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from bot.rules.mail_text import PLACEHOLDERS, is_followable, normal_url, read_body
from models.enums import CustomerClass, Language, MailKind

LONGEST_SUBJECT = 200
LONGEST_SOURCE = 200_000  # letters; mail programs cut a mail off at about 100 kB
KEYS = frozenset({"subject", "kind", "goal", "cost", "classes", "language", "key_links"})
FRONT_MATTER = re.compile(
    r"\A\ufeff?---[ \t]*\r?\n(.*?)^---[ \t]*\r?$\n?", re.DOTALL | re.MULTILINE
)
LINE_BREAKERS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


class Unreadable(ValueError):
    """The author can put it right: a text key and its values."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key, self.values = key, values


@dataclass(frozen=True)
class MailSource:
    """What an author wrote. No `classes` means the team's usual ones."""

    subject: str
    body: str
    kind: MailKind
    language: Language = Language.JA
    goal: str = ""
    cost_money: int = 0
    cost_hours: float = 0
    classes: tuple[CustomerClass, ...] = ()
    key_links: Mapping[str, int] = field(default_factory=dict)


def read_source(source: str) -> MailSource:
    """The mail in a FILE.md. Raises Unreadable, naming the line to change."""
    if len(source) > LONGEST_SOURCE:
        raise Unreadable("mail.fault.too_long", longest=LONGEST_SOURCE)
    found = FRONT_MATTER.match(source)
    if not found:
        raise Unreadable("mail.fault.front_matter")
    front = _front_matter(found[1])
    body = source[found.end() :].strip()
    subject = _word(front, "subject")
    _refuse_subject(subject)
    if not body:
        raise Unreadable("mail.fault.body")
    _refuse_placeholders(subject, body)
    money, hours = _cost(front.get("cost"))
    return MailSource(
        subject=subject.strip(),
        body=body,
        kind=_kind(front),
        language=_language(front),
        goal=_word(front, "goal"),
        cost_money=money,
        cost_hours=hours,
        classes=_classes(front.get("classes")),
        key_links=_key_links(front.get("key_links"), body),
    )


def _front_matter(written: str) -> dict[str, Any]:
    try:
        front = yaml.safe_load(written)
    except (yaml.YAMLError, RecursionError, ValueError):
        raise Unreadable("mail.fault.front_matter") from None
    if not isinstance(front, dict):
        raise Unreadable("mail.fault.front_matter")
    if unknown := sorted(str(key) for key in front if key not in KEYS):
        raise Unreadable("mail.fault.key", name=unknown[0], known=", ".join(sorted(KEYS)))
    return front


def _refuse_subject(subject: str) -> None:
    if not subject.strip():
        raise Unreadable("mail.fault.subject")
    if LINE_BREAKERS.search(subject):
        raise Unreadable("mail.fault.subject_line")
    if len(subject) > LONGEST_SUBJECT:
        raise Unreadable("mail.fault.subject_long", longest=LONGEST_SUBJECT)


def _refuse_placeholders(*written: str) -> None:
    for value in written:
        if "\x00" in value:
            raise Unreadable("mail.fault.sign")
        rest = PLACEHOLDERS.sub("", value)
        for start in ("{{", "{%", "{#", "[[cf-"):
            place = rest.find(start)
            if place >= 0:
                raise Unreadable("mail.fault.placeholder", found=rest[place : place + 30])


def _word(front: Mapping[str, Any], key: str) -> str:
    value = front.get(key)
    if value is None:
        return ""
    if isinstance(value, dict | list):
        raise Unreadable("mail.fault.value", name=key)
    return str(value)


def _kind(front: Mapping[str, Any]) -> MailKind:
    try:
        return MailKind(_word(front, "kind"))
    except ValueError:
        known = ", ".join(MailKind)
        raise Unreadable("mail.fault.kind", known=known) from None


def _language(front: Mapping[str, Any]) -> Language:
    try:
        return Language(_word(front, "language") or Language.JA)
    except ValueError:
        raise Unreadable("mail.fault.language", known=", ".join(Language)) from None


def _classes(value: Any) -> tuple[CustomerClass, ...]:
    if value is None:
        return ()
    names = value.split(",") if isinstance(value, str) else value
    try:
        return tuple(CustomerClass(str(name).strip()) for name in names)
    except (ValueError, TypeError):
        raise Unreadable("mail.fault.classes", known=", ".join(CustomerClass)) from None


def _cost(value: Any) -> tuple[int, float]:
    """`cost: 30000` is money; `cost: {money: 30000, hours: 5}` says both."""
    parts = value if isinstance(value, dict) else {"money": value}
    try:
        money, hours = int(parts.get("money") or 0), float(parts.get("hours") or 0)
    except (ValueError, TypeError, OverflowError):
        raise Unreadable("mail.fault.value", name="cost") from None
    if not (0 <= money < 2**31 and 0 <= hours < 10**6):
        raise Unreadable("mail.fault.value", name="cost")
    return money, hours


def _key_links(value: Any, body: str) -> dict[str, int]:
    """Links that say more than others, by address: 5 a price, 3 a case, 1 an article."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Unreadable("mail.fault.value", name="key_links")
    weights: dict[str, int] = {}
    for written, weight in value.items():
        url = normal_url(str(written))
        if not is_followable(url) or type(weight) is not int or not 1 <= weight <= 100:
            raise Unreadable("mail.fault.key_link", url=str(written)[:200])
        weights[url] = weight
    for url in weights.keys() - {link.url for link in read_body(body).links}:
        raise Unreadable("mail.fault.key_link_absent", url=url[:200])
    return weights
