"""A request body keeps SendGrid's rules, and its reader sees the lawful mail."""

import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from bot.rules.mail_source import read_source
from bot.rules.mail_text import read_body
from bot.views.mail import (
    Drawn,
    Recipient,
    Sender,
    draw,
    header_name,
    render_for,
    request_body,
    trial_body,
)
from models.enums import Language, MailKind
from tests.mail_world import SOURCE

OFFICIAL = Path(__file__).parents[2] / "shared/reference/sendgrid/openapi/tsg_mail_v3.json"
RESERVED_HEADERS = {
    *("x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "to", "from"),
    *("content-transfer-encoding", "subject", "reply-to", "cc", "bcc"),
}
KNOWN_KEYS = {
    *("from", "reply_to", "subject", "content", "categories", "tracking_settings"),
    "personalizations",
}

SENDER = Sender(
    email="info@aoba.example",
    name="株式会社青葉; 営業, 第一",
    postal_address="東京都千代田区丸の内1-1-1",
    contact="03-0000-0000",
    public_url="https://callfirst.example/",
    reply_to="reply@aoba.example",
    privacy_url="https://www.aoba.example/privacy",
)
YAMADA = Recipient(
    public_id="ab" * 16,
    email="yamada@customer.example",
    name="山田 太郎",
    company="北斗 & 南星",
    salesperson="佐藤",
    survey="Survey.token",
    unsubscribe="Stop.token",
)


def a_drawn_mail(language: Language = Language.JA, body: str = "") -> Drawn:
    source = read_source(SOURCE)
    return draw(source.subject, read_body(body or source.body), source.kind, language, SENDER)


def rules_broken(body: dict[str, Any]) -> list[str]:
    """SendGrid's documented rules, those its own OpenAPI cannot judge included."""
    envelopes = body["personalizations"]
    everyone = [to["email"] for each in envelopes for to in each["to"]]
    rules = {
        "1 to 1,000 personalizations": 1 <= len(envelopes) <= 1000,
        "at most 1,000 readers": len(everyone) <= 1000,
        "no address twice": len(set(everyone)) == len(everyone),
        "addresses of at most 320 letters": all(len(one) <= 320 for one in everyone),
        "no unknown keys": not set(body) - KNOWN_KEYS,
        "text before HTML": [one["type"] for one in body["content"]] == ["text/plain", "text/html"],
        "no empty part": all(part["value"].strip() for part in body["content"]),
        "a subject": bool(body["subject"]),
        "categories in ASCII": all(name.isascii() for name in body["categories"]),
        "no , or ; in the sender's name": not set(body["from"]["name"]) & set(",;"),
        "less than 30 MB": len(json.dumps(body).encode()) < 30_000_000,
    }
    broken = [rule for rule, kept in rules.items() if not kept]
    return broken + [rule for each in envelopes for rule in envelope_rules_broken(each)]


def envelope_rules_broken(each: dict[str, Any]) -> list[str]:
    values = [
        value
        for group in ("substitutions", "custom_args", "headers")
        for value in each[group].values()
    ]
    sizes = [len(json.dumps(each[group]).encode()) for group in ("substitutions", "custom_args")]
    rules = {
        "one reader in each envelope": len(each["to"]) == 1,
        "no , or ; in names": not set(each["to"][0].get("name", "")) & set(",;"),
        "filled strings": all(type(value) is str and value for value in values),
        "10,000 bytes": max(sizes) <= 10_000,
        "no reserved header": not {name.lower() for name in each["headers"]} & RESERVED_HEADERS,
        "only our opaque id in custom_args": list(each["custom_args"]) == ["cf_delivery"],
    }
    return [rule for rule, kept in rules.items() if not kept]


def a_crowd(count: int) -> list[Recipient]:
    return [
        replace(YAMADA, email=f"lead{number}@customer.example", public_id=f"{number:032x}")
        for number in range(count)
    ]


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("count", [1, 1000])
def test_bodies_keep_every_documented_rule(language: Language, count: int) -> None:
    body = request_body(a_drawn_mail(language), a_crowd(count))

    assert rules_broken(body) == []


def test_bodies_are_valid_by_the_official_description() -> None:
    if not OFFICIAL.exists():
        pytest.skip("the official OpenAPI document is not beside this checkout")
    from jsonschema import Draft202012Validator

    spec = json.loads(OFFICIAL.read_text(encoding="utf-8"))
    schema = spec["components"]["requestBodies"]["PostMailSend"]["content"]["application/json"]
    properties = schema["schema"]["properties"]
    strings = {"type": "object", "additionalProperties": {"type": "string"}}
    properties["custom_args"] = strings  # a known mistake of the document
    envelope = properties["personalizations"]["items"]["properties"]
    envelope["custom_args"] = envelope["headers"] = strings
    whole = {**schema["schema"], "components": spec["components"]}

    faults = list(Draft202012Validator(whole).iter_errors(request_body(a_drawn_mail(), a_crowd(3))))

    assert faults == []
    assert list(Draft202012Validator(whole).iter_errors({"personalizations": [{}]}))


def test_tracking_is_said_in_every_mail() -> None:
    tracking = request_body(a_drawn_mail(), [YAMADA])["tracking_settings"]

    assert tracking == {
        "click_tracking": {"enable": True, "enable_text": False},
        "open_tracking": {"enable": True},
        "subscription_tracking": {"enable": False},
        "ganalytics": {"enable": False},
    }


def test_every_reader_can_stop_with_one_click() -> None:
    headers = request_body(a_drawn_mail(), [YAMADA])["personalizations"][0]["headers"]

    assert headers == {
        "List-Unsubscribe": "<https://callfirst.example/u/Stop.token>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def test_nothing_about_the_reader_stands_in_what_sendgrid_keeps() -> None:
    body = request_body(a_drawn_mail(), [YAMADA])

    kept = json.dumps([body["categories"], body["personalizations"][0]["custom_args"]])
    assert kept == json.dumps([["callfirst", "case_study"], {"cf_delivery": "ab" * 16}])


@pytest.mark.parametrize("language", list(Language))
def test_both_parts_show_what_the_law_wants(language: Language) -> None:
    shown = render_for(a_drawn_mail(language), YAMADA)

    for part in (shown.html, shown.text):
        assert "株式会社青葉" in part
        assert "東京都千代田区丸の内1-1-1" in part
        assert "03-0000-0000" in part
        assert "https://callfirst.example/u/Stop.token" in part
        assert "https://www.aoba.example/privacy" in part
        assert {"ja": "停止できます", "en": "stop these mails"}[language.value] in part
        assert "[[" not in part and "{{" not in part


def test_a_mail_is_addressed_to_its_reader() -> None:
    shown = render_for(a_drawn_mail(), YAMADA)

    assert shown.subject == "山田 太郎様へ：電気代を下げた3社の工夫"
    assert "北斗 &amp; 南星　山田 太郎様" in shown.html
    assert "北斗 & 南星　山田 太郎様" in shown.text
    assert 'href="https://callfirst.example/s/Survey.token"' in shown.html


def test_a_survey_line_is_added_when_the_author_wrote_none() -> None:
    without = render_for(a_drawn_mail(body="本文 [a](https://a.example/)"), YAMADA)

    assert without.html.count("/s/Survey.token") == 1
    assert without.text.count("/s/Survey.token") == 1
    assert render_for(a_drawn_mail(), YAMADA).html.count("/s/Survey.token") == 1


def test_the_link_to_stop_is_not_tracked() -> None:
    class Links(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.seen: list[dict[str, str | None]] = []

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            if tag == "a":
                self.seen.append(dict(attrs))

    links = Links()
    links.feed(render_for(a_drawn_mail(), YAMADA).html)

    untracked = [link["href"] for link in links.seen if link.get("clicktracking") == "off"]
    assert untracked == [
        "https://callfirst.example/u/Stop.token",
        "https://www.aoba.example/privacy",
    ]
    assert len(links.seen) - len(untracked) == 4


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "{{7*7}}",
        "{% raw %}",
        "%s %(x)s {0}",
        "-amount-",
        "a\r\nBcc: x@y.example",
        "[[cf-unsubscribe]]",
        "[[[[cf-unsubscribe]]",
        "\u202eevil\x00",
        "長" * 10_000,
    ],
)
def test_a_name_is_always_literal_text(name: str) -> None:
    shown = render_for(a_drawn_mail(body="{{name}}"), replace(YAMADA, name=name))

    assert "<script>" not in shown.html and "<img" not in shown.html
    assert shown.html.count("Stop.token") == 1
    assert "\n" not in shown.subject and "\r" not in shown.subject
    assert len(shown.subject) < 300
    body = request_body(a_drawn_mail(), [replace(YAMADA, name=name)])
    assert rules_broken(body) == []


def test_a_reader_without_name_is_greeted_all_the_same() -> None:
    body = request_body(a_drawn_mail(), [replace(YAMADA, name=" ", company="", salesperson="")])

    assert rules_broken(body) == []
    assert "name" not in body["personalizations"][0]["to"][0]
    assert body["personalizations"][0]["substitutions"]["[[cf-name]]"] == "ご担当者"


def test_names_in_headers_lose_what_breaks_headers() -> None:
    assert header_name('田中, "太郎"; <x>') == "田中 太郎 x"


def test_a_test_mail_carries_no_delivery() -> None:
    body = trial_body(a_drawn_mail(), YAMADA)

    assert "custom_args" not in body["personalizations"][0]
    assert body["subject"].startswith("［テスト］")


def test_the_frame_says_its_language_and_kind() -> None:
    drawn = a_drawn_mail(Language.EN)

    assert '<html lang="en">' in drawn.html
    assert drawn.kind is MailKind.CASE_STUDY
