"""The whole loop, as a newcomer plays it on the sandbox page."""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING

import pytest

from bot.texts import catalogue, day, text
from models.enums import Language

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
JA = Language.JA
Faults = Callable[["Page"], list[str]]


def test_the_next_day_brings_each_salesperson_one_list(page: "Page", demo_address: str) -> None:
    page.goto(demo_address)
    page.get_by_test_id("bar-day").click()

    people = [link.get_attribute("href") or "" for link in page.get_by_test_id("person").all()]
    lists = [len(todays_lists(page, demo_address + person.lstrip("/"))) for person in people]

    assert lists == [1] * 5


def test_a_pressed_row_folds_and_undo_brings_it_back(page: "Page", demo_address: str) -> None:
    page.goto(demo_address)
    first = latest(page).locator(".block.actions").first
    name = (first.get_by_role("button").first.get_attribute("aria-label") or "").split(" - ")[1]
    assert name in rows(page)[0]

    first.get_by_role("button", name=text("outcome.no_answer", JA)).click()
    folded = latest(page).locator(".block.section", has_text=text("outcome.no_answer", JA))
    assert name in folded.first.inner_text()
    assert name not in rows(page)[0]

    folded.get_by_role("button", name=text("list.undo", JA)).first.click()
    assert name in rows(page)[0]
    assert folded.count() == 0


def test_who_clicks_and_answers_is_first_the_next_morning(
    page: "Page", demo_address: str, faults: Faults
) -> None:
    page.goto(demo_address)
    page.get_by_test_id("bar-mail").click()
    name = become_a_lead(page, number=0)
    owner = page.get_by_test_id("owner").get_by_role("link").get_attribute("href") or ""

    for place in (0, 1):
        with page.context.expect_page() as opened:
            mail(page).get_by_role("link").nth(place).click()
        opened.value.close()
    with page.context.expect_page() as opened:
        mail(page).get_by_role("link", name="アンケートに答える").click()
    survey = opened.value
    assert faults(survey) == []
    answer(survey)
    assert text("survey.thanks_title", JA) in survey.inner_text("main")
    assert faults(survey) == []
    survey.close()

    page.get_by_test_id("bar-day").click()
    page.goto(demo_address + owner.lstrip("/"))
    best, *others = rows(page)
    assert name in best, f"{name} is not first: {[best, *others]}"
    assert said("reason.survey.within_3_months").search(best)
    assert said("reason.clicks", count="2").search(best)


def test_who_opts_out_is_told_so_at_once(page: "Page", demo_address: str, faults: Faults) -> None:
    page.goto(demo_address + "leads")
    become_a_lead(page, number=1)

    with page.context.expect_page() as opened:
        mail(page).get_by_role("link", name=text("mail.footer.stop_link", JA)).click()
    optout = opened.value
    assert text("optout.question", JA) in optout.inner_text("main")
    assert faults(optout) == []

    optout.get_by_role("button", name=text("optout.button", JA)).click()
    assert text("optout.done_title", JA) in optout.inner_text("main")
    assert faults(optout) == []


@pytest.mark.parametrize("place", ["", "leads", "leads/1"])
def test_the_sandbox_page_itself_is_accessible(
    page: "Page", demo_address: str, place: str, faults: Faults
) -> None:
    page.goto(demo_address + place)

    assert faults(page) == []


def todays_lists(page: "Page", address: str) -> list[str]:
    """The headings of the lists in this person's messages that are dated today."""
    page.goto(address)
    local = today(page)
    titles = {text("list.title", language, day=day(local, language)) for language in Language}
    return [one for one in page.locator(".block.header").all_inner_texts() if one.strip() in titles]


def today(page: "Page") -> date:
    return datetime.fromisoformat(
        page.get_by_test_id("clock").locator("time").get_attribute("datetime") or ""
    ).date()


def latest(page: "Page") -> "Locator":
    return page.get_by_test_id("message").last


def rows(page: "Page") -> list[str]:
    """The open rows of the newest list, as they read."""
    buttons = latest(page).locator(".block.section:has(+ .block.actions)")
    return buttons.all_inner_texts()


def become_a_lead(page: "Page", number: int) -> str:
    """Open the mailbox of one of those who got the mail; their name."""
    page.get_by_test_id("bar-lead").click()
    link = page.get_by_test_id("lead").nth(number).get_by_role("link")
    name = link.inner_text()
    link.click()
    return name


def said(key: str, **known: str) -> re.Pattern[str]:
    """The sentence in either language (its reader's decides), whatever stands in other slots."""
    return re.compile(
        "|".join(
            re.sub(
                r"\\{(\w+)\\}",
                lambda slot: re.escape(known[slot[1]]) if slot[1] in known else ".*",
                re.escape(catalogue(language)[key]),
            )
            for language in Language
        )
    )


def mail(page: "Page") -> "Locator":
    return page.frame_locator("[data-testid=mail-html]").first.locator("body")


def answer(survey: "Page") -> None:
    survey.get_by_label(text("survey.within_3_months", JA)).check()
    survey.get_by_label(text("survey.yes", JA), exact=True).check()
    survey.get_by_label(re.compile(text("survey.trouble", JA))).fill("今の装置は音が大きい")
    survey.get_by_role("button", name=text("survey.send", JA)).click()
