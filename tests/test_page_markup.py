"""What the pages are made of: nothing from outside, and readable by everyone."""

import re
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from html import unescape

import pytest

from bot.views import pages
from models import Database
from models.enums import Language, MightUse, YesNo
from tests.page_world import Elements, Web, served


@pytest.fixture(params=[Language.JA])
def language(request: pytest.FixtureRequest) -> Language:
    return Language(request.param)


@pytest.fixture
def web(database: Database, language: Language) -> Iterator[Web]:
    with served(database, language) as web:
        yield web


def every_page(web: Web) -> list[str]:
    return [
        web.client.get(web.survey).text,
        web.client.post(web.survey, data={}, headers=FORM).text,
        web.client.post(web.survey, data={"might_use": "no_plan"}).text,
        web.client.get(web.refusal).text,
        web.client.post(web.refusal, data={}, headers=FORM).text,
        web.client.post(web.refusal, data={"confirm": "yes"}).text,
        web.client.get("/s/x").text,
    ]


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize("language", list(Language), indirect=True)
def test_pages_load_nothing_and_run_nothing(web: Web) -> None:
    for page in every_page(web):
        elements = Elements(page)
        assert {tag for tag, _ in elements.found}.isdisjoint(
            {"script", "img", "link", "iframe", "object", "video", "base"}
        )
        assert "url(" not in page and "@import" not in page
        for _tag, attributes in elements.found:
            assert not [name for name in attributes if name.startswith("on") or name == "style"]


@pytest.mark.parametrize("language", list(Language), indirect=True)
def test_pages_can_be_read_by_everyone(web: Web, language: Language) -> None:
    for page in every_page(web)[:-1]:
        elements = Elements(page)
        assert elements.all("html") == [{"lang": language.value}]
        assert len(elements.all("h1")) == 1 and len(elements.all("main")) == 1
        assert re.search(r"<title>[^<]+</title>", page)
        labelled = {label.get("for") for label in elements.all("label")}
        assert all(area["id"] in labelled for area in elements.all("textarea"))
        assert len(elements.all("legend")) == len(elements.all("fieldset"))
        assert "width=device-width" in page and "user-scalable" not in page


def test_the_survey_has_the_four_questions_and_the_privacy_policy(web: Web) -> None:
    elements = Elements(web.client.get(web.survey).text)

    radios = [(radio["name"], radio["value"]) for radio in elements.all("input")]
    assert radios == [("might_use", choice.value) for choice in MightUse] + [
        ("uses_similar", choice.value) for choice in YesNo
    ]
    assert [area["name"] for area in elements.all("textarea")] == ["trouble", "opinion"]
    assert [link["href"] for link in elements.all("a")] == ["https://seller.example/privacy"]


def test_no_two_choices_of_a_question_read_the_same() -> None:
    for language in Language:
        page = pages.survey_page(pages.Frame(language), {})
        labels = re.findall(r"<span>([^<]+)</span></label>", page)
        assert len(set(labels[:4])) == 4 and len(set(labels[4:])) == 3


def test_the_style_is_the_only_thing_the_policy_allows(web: Web) -> None:
    answer = web.client.get(web.survey)
    [style] = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)

    policy = answer.headers["Content-Security-Policy"]

    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    for rule in ("default-src 'none'", "form-action 'self'", "base-uri 'none'"):
        assert rule in policy
    assert answer.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", '"><img onerror=x>', "{{7*7}}", "{% raw %}", "%s"]
)
def test_what_people_write_is_literal(web: Web, text: str) -> None:
    page = web.client.post(web.survey, data={"opinion": text}).text

    assert {"script", "img"}.isdisjoint(tag for tag, _ in Elements(page).found)
    areas = re.findall(r"<textarea[^>]*name=\"opinion\"[^>]*>\n(.*?)</textarea>", page, re.S)
    assert unescape(areas[0]) == text
