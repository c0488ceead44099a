"""What is wrong with a mail before it goes out: the law's four items, links, addresses."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Literal

from bot.rules.mail_text import MailBody

# Scanners follow every link within seconds; with fewer, they cannot be told from a person.
FEWEST_LINKS = 3


@dataclass(frozen=True)
class SenderFacts:
    """Who sends and where its pages are, as settings have it."""

    email: str
    name: str
    postal_address: str
    contact: str
    public_url: str
    has_secret_key: bool
    reply_to: str = ""


@dataclass(frozen=True)
class Finding:
    """A text key with its values. Level `stop` forbids approval, `warn` only says so."""

    key: str
    level: Literal["stop", "warn"] = "stop"
    values: dict[str, object] = field(default_factory=dict)


def findings(body: MailBody, sender: SenderFacts | None) -> list[Finding]:
    """Everything wrong with a mail, what forbids it first; without `sender` only its text."""
    found = [*(_lawful(sender) if sender else ()), *_links(body)]
    return sorted(found, key=lambda finding: finding.level != "stop")


def stops(found: Collection[Finding]) -> list[Finding]:
    """Those findings with which a mail cannot be approved or sent."""
    return [finding for finding in found if finding.level == "stop"]


def _lawful(sender: SenderFacts) -> list[Finding]:
    """特定電子メール法 4条: name, postal address, contact, and a way to stop that works."""
    needed = {
        "mail.finding.from": _is_address(sender.email),
        "mail.finding.sender_name": bool(sender.name.strip()),
        "mail.finding.postal_address": bool(sender.postal_address.strip()),
        "mail.finding.contact": bool(sender.contact.strip()),
        "mail.finding.public_url": sender.public_url.startswith(("https://", "http://")),
        "mail.finding.secret_key": sender.has_secret_key,
        "mail.finding.reply_to": not sender.reply_to or _is_address(sender.reply_to),
    }
    found = [Finding(key) for key, fulfilled in needed.items() if not fulfilled]
    if sender.public_url.startswith("http://"):
        found.append(Finding("mail.finding.https", "warn"))
    return found


def _is_address(value: str) -> bool:
    """SendGrid takes only ASCII in an address of ours."""
    local, at, domain = value.partition("@")
    return bool(local and at and "." in domain) and value.isascii() and " " not in value


def _links(body: MailBody) -> list[Finding]:
    found = [Finding("mail.finding.link", values={"link": link[:200]}) for link in body.broken]
    if body.tracked < FEWEST_LINKS:
        counted: dict[str, object] = {"found": body.tracked, "needed": FEWEST_LINKS}
        found.append(Finding("mail.finding.few_links", values=counted))
    return found
