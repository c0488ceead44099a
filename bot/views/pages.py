"""The pages a mail's reader sees: survey, thanks, opting out. Data in, HTML out.

They load nothing from anywhere, work without JavaScript, and never show a whole address.
"""

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bot.rules.survey_form import MAX_FREE_TEXT
from bot.texts import text
from models.enums import Language, MightUse, YesNo

TEMPLATES = Path(__file__).parent / "templates"
STYLE = (TEMPLATES / "pages.css").read_text("utf-8")
STYLE_HASH = b64encode(hashlib.sha256(STYLE.encode("utf-8")).digest()).decode("ascii")
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
QUESTIONS = ("might_use", "uses_similar", "trouble", "opinion")  # the form's field names
MIGHT_USE = {
    MightUse.WITHIN_3_MONTHS: "survey.within_3_months",
    MightUse.WITHIN_A_YEAR: "survey.within_a_year",
    MightUse.NO_PLAN: "survey.no_plan",
    MightUse.UNKNOWN: "survey.not_sure",
}
USES_SIMILAR = {
    YesNo.YES: "survey.yes",
    YesNo.NO: "survey.no",
    YesNo.UNKNOWN: "survey.unknown",
}

_templates = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class Frame:
    """What every page shares: its language, who sent the mail, and where privacy is explained."""

    language: Language
    sender: str = ""
    privacy_url: str = ""


def survey_page(frame: Frame, answers: Mapping[str, str], error: str = "") -> str:
    """The four questions; `answers` and `error` come back to whoever left the first one out."""
    return _drawn(
        "pages_survey.html",
        frame,
        error=error,
        answers={name: answers.get(name, "") for name in QUESTIONS},
        might_use=_options(MIGHT_USE, frame.language),
        uses_similar=_options(USES_SIMILAR, frame.language),
        longest=MAX_FREE_TEXT,
    )


def thanks_page(frame: Frame) -> str:
    return _said(frame, "survey.thanks_title", "survey.thanks_body", "survey.thanks_again")


def refuse_page(frame: Frame, email: str) -> str:
    """The question with the one button that opts out."""
    return _drawn("pages_refuse.html", frame, address=masked(email))


def refused_page(frame: Frame, email: str) -> str:
    return _said(frame, "optout.done_title", "optout.done_body", address=masked(email))


def not_understood_page(frame: Frame) -> str:
    """For a request that is neither the page's button nor a mail program's one-click."""
    return _said(frame, "optout.title", "optout.bad_request")


def busy_page(frame: Frame) -> str:
    return _said(frame, "page.busy_title", "page.busy_body")


def not_found_page() -> str:
    """The same page in both languages for every link that leads nowhere."""
    languages = [
        {
            "language": language,
            "title": text("page.not_found_title", language),
            "body": text("page.not_found_body", language),
        }
        for language in Language
    ]
    return _drawn("pages_not_found.html", Frame(Language.JA), languages=languages)


def masked(email: str) -> str:
    """An address its owner recognises and a stranger cannot use: t•••@example.com."""
    name, at, domain = email.partition("@")
    return f"{name[:1]}•••@{domain}" if at else ""


def _options(texts: Mapping[Any, str], language: Language) -> list[tuple[str, str]]:
    return [(choice.value, text(key, language)) for choice, key in texts.items()]


def _said(frame: Frame, title: str, *sentences: str, address: str = "") -> str:
    return _drawn(
        "pages_said.html",
        frame,
        title=text(title, frame.language),
        sentences=[text(key, frame.language) for key in sentences],
        address=address,
    )


def _drawn(template: str, frame: Frame, **values: Any) -> str:
    return _templates.get_template(template).render(
        language=frame.language.value,
        sender=frame.sender,
        privacy_url=frame.privacy_url,
        style=Markup(STYLE),
        say=partial(text, language=frame.language),
        **values,
    )
