"""An info mail as SendGrid gets it and as its reader sees it.

One request carries many deliveries. The frame is drawn once per mail and holds tags; every
recipient's own values travel in `substitutions` and SendGrid puts them in, unescaped, so values
for HTML are escaped here and have tags of their own:

    {"from", "reply_to"?, "subject", "categories", "tracking_settings",
     "content": [text/plain, text/html],
     "personalizations": [{"to": [{"email", "name"?}],
                           "custom_args": {"cf_delivery": "<32 hex digits>"},
                           "headers": {"List-Unsubscribe", "List-Unsubscribe-Post"},
                           "substitutions": {"[[cf-name]]": "…", "[[cf-name-html]]": "…", …}}]}

What users wrote reaches Jinja only as a value, never as a template.
"""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import jinja2
from markupsafe import Markup

from bot.rules.mail_text import PLACEHOLDERS, SURVEY, MailBody
from bot.texts import text
from models.enums import Language, MailKind

LONGEST_VALUE = 200  # letters of a name or company in a mail; SendGrid's limit is in kilobytes
TAG_START = "[[cf-"
HEADER_BREAKERS = re.compile(r'[,;<>"\\]')  # SendGrid refuses , and ; in names; the rest forges
BRACKETS_BEFORE_CF = re.compile(r"\[+(?=cf-)")


@dataclass(frozen=True)
class Sender:
    """Who sends, as the law wants it shown: name, postal address, contact."""

    email: str
    name: str
    postal_address: str
    contact: str
    public_url: str
    reply_to: str = ""
    privacy_url: str = ""


@dataclass(frozen=True)
class Recipient:
    """One delivery's own values. `survey` and `unsubscribe` are signed tokens."""

    public_id: str
    email: str
    name: str
    company: str
    salesperson: str
    survey: str
    unsubscribe: str


@dataclass(frozen=True)
class Drawn:
    """A whole mail with tags where each recipient's values belong."""

    subject: str
    html: str
    text: str
    kind: MailKind
    language: Language
    sender: Sender


@dataclass(frozen=True)
class Shown:
    """A mail as one reader sees it."""

    subject: str
    html: str
    text: str


def draw(subject: str, body: MailBody, kind: MailKind, language: Language, sender: Sender) -> Drawn:
    """The body inside our frame with the lawful footer, in HTML and as text."""
    base = sender.public_url.rstrip("/")
    survey_url = f"{base}/s/{_tag('survey')}"
    frame = {
        "language": language.value,
        "say": lambda key, **values: text(key, language, **values),
        "sender": sender,
        "survey_url": None if body.has_survey else survey_url,
        "unsubscribe_url": f"{base}/u/{_tag('unsubscribe')}",
    }
    in_html = _with_tags(body.html, "-html").replace(SURVEY, survey_url)
    in_text = _with_tags(body.text, "").replace(SURVEY, survey_url)
    title = _with_tags(body.title, "-html") or sender.name
    templates = _templates()
    return Drawn(
        subject=_with_tags(subject, ""),
        html=templates.get_template("mail.html").render(
            frame | {"body": Markup(in_html), "title": title}
        ),
        text=templates.get_template("mail.txt").render(frame | {"body": Markup(in_text)}),
        kind=kind,
        language=language,
        sender=sender,
    )


def request_body(mail: Drawn, recipients: Sequence[Recipient]) -> dict[str, Any]:
    """The v3 Mail Send request for up to 1,000 recipients, each in an envelope of its own."""
    body: dict[str, Any] = {
        "from": {"email": mail.sender.email, "name": header_name(mail.sender.name)},
        "subject": mail.subject,
        "content": [
            {"type": "text/plain", "value": mail.text},
            {"type": "text/html", "value": mail.html},
        ],
        "categories": ["callfirst", mail.kind.value],
        "tracking_settings": {
            "click_tracking": {"enable": True, "enable_text": False},
            "open_tracking": {"enable": True},
            "subscription_tracking": {"enable": False},
            "ganalytics": {"enable": False},
        },
        "personalizations": [_personalization(mail, recipient) for recipient in recipients],
    }
    if mail.sender.reply_to:
        body["reply_to"] = {"email": mail.sender.reply_to}
    return body


def trial_body(mail: Drawn, recipient: Recipient) -> dict[str, Any]:
    """The same mail to try out: no delivery id, so nothing it causes counts as a lead's doing."""
    body = request_body(mail, [recipient])
    del body["personalizations"][0]["custom_args"]
    body["subject"] = text("mail.test.subject", mail.language, subject=body["subject"])
    return body


def render_for(mail: Drawn, recipient: Recipient) -> Shown:
    """What this recipient reads: the tags filled just as SendGrid fills them."""
    values = substitutions(mail, recipient)
    return Shown(
        _filled(mail.subject, values), _filled(mail.html, values), _filled(mail.text, values)
    )


def substitutions(mail: Drawn, recipient: Recipient) -> dict[str, str]:
    """A recipient's values by tag, of the tags this mail uses. No value can hold a tag."""
    values = _all_values(recipient, mail.sender.name, mail.language)
    return {tag: value for tag, value in values.items() if tag in _used_tags(mail)}


def header_name(name: str) -> str:
    """A name fit for an address header."""
    return clean(HEADER_BREAKERS.sub(" ", name))


def clean(value: str) -> str:
    """A value on one line, without control signs, of bounded length, unable to form a tag."""
    readable = "".join(sign if sign.isprintable() else " " for sign in value)
    return BRACKETS_BEFORE_CF.sub("", " ".join(readable.split()))[:LONGEST_VALUE]


def _personalization(mail: Drawn, recipient: Recipient) -> dict[str, Any]:
    to = {"email": recipient.email}
    if name := header_name(recipient.name):
        to["name"] = name
    link = f"{mail.sender.public_url.rstrip('/')}/u/{recipient.unsubscribe}"
    return {
        "to": [to],
        "custom_args": {"cf_delivery": recipient.public_id},
        "headers": {
            "List-Unsubscribe": f"<{link}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
        "substitutions": substitutions(mail, recipient),
    }


def _all_values(recipient: Recipient, sender_name: str, language: Language) -> dict[str, str]:
    plain = {
        "name": clean(recipient.name) or text("mail.name.unknown", language),
        "company": clean(recipient.company) or text("mail.company.unknown", language),
        "salesperson": clean(recipient.salesperson) or clean(sender_name),
    }
    values = {_tag(key): value for key, value in plain.items()}
    values |= {_tag(f"{key}-html"): html.escape(value) for key, value in plain.items()}
    return values | {
        _tag("survey"): recipient.survey,
        _tag("unsubscribe"): recipient.unsubscribe,
    }


@lru_cache(maxsize=8)
def _used_tags(mail: Drawn) -> frozenset[str]:
    whole = mail.subject + mail.html + mail.text
    return frozenset(re.findall(r"\[\[cf-[a-z-]+\]\]", whole))


def _filled(value: str, values: dict[str, str]) -> str:
    return re.sub(r"\[\[cf-[a-z-]+\]\]", lambda found: values.get(found[0], found[0]), value)


def _with_tags(value: str, ending: str) -> str:
    return PLACEHOLDERS.sub(lambda found: _tag(found[1] + ending), value)


def _tag(name: str) -> str:
    return f"{TAG_START}{name}]]"


@cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("bot.views"),
        autoescape=lambda name: bool(name) and str(name).endswith(".html"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
