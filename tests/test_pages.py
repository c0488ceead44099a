"""The survey and opting out: pages for people, which machines cannot set off by looking."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from pydantic import SecretStr

from bot.tokens import Purpose, sign
from bot.views import pages
from models import Database, Delivery, Suppression
from models.enums import MightUse, SuppressionReason, YesNo
from tests.builders import T0, days
from tests.page_world import ONE_CLICK, Elements, Web, served
from tests.signals import contents


@pytest.fixture
def web(database: Database) -> Iterator[Web]:
    with served(database) as web:
        yield web


# Only a person's press changes anything


@pytest.mark.parametrize("purpose", list(Purpose))
def test_looking_a_hundred_times_changes_nothing(web: Web, purpose: Purpose) -> None:
    before = contents(web.database)

    for method in ("GET", "HEAD", "OPTIONS") * 34:
        headers = {"Sec-Purpose": "prefetch", "Purpose": "prefetch"}
        answer = web.client.request(method, web.path(purpose), headers=headers)
        assert answer.status_code == (405 if method == "OPTIONS" else 200)

    assert contents(web.database) == before


@pytest.mark.parametrize("purpose", list(Purpose))
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused(web: Web, purpose: Purpose, method: str) -> None:
    assert web.client.request(method, web.path(purpose)).status_code == 405


# The survey


def test_a_submit_is_recorded_and_thanked_for(web: Web) -> None:
    form = {
        "might_use": "within_3_months",
        "uses_similar": "yes",
        "trouble": "高い\r\nわかりにくい",
        "opinion": "面白い",
    }

    answer = web.client.post(web.survey, data=form)

    assert (answer.status_code, "ありがとうございました" in answer.text) == (200, True)
    [row] = web.answers()
    assert (row.might_use, row.uses_similar) == (MightUse.WITHIN_3_MONTHS, YesNo.YES)
    assert (row.trouble, row.opinion, row.at) == ("高い\nわかりにくい", "面白い", T0 + days(1))


def test_a_changed_answer_is_added_and_the_same_again_is_not(web: Web) -> None:
    for might_use in ("no_plan", "no_plan", "within_a_year", "no_plan"):
        web.client.post(web.survey, data={"might_use": might_use})

    assert [row.might_use for row in web.answers()] == [
        MightUse.NO_PLAN,
        MightUse.WITHIN_A_YEAR,
        MightUse.NO_PLAN,
    ]


@pytest.mark.parametrize("might_use", [{}, {"might_use": ""}, {"might_use": "tomorrow"}])
def test_without_the_required_answer_the_form_comes_back_filled_in(
    web: Web, might_use: dict[str, str]
) -> None:
    form = might_use | {"uses_similar": "no", "trouble": "<b>高い</b>"}

    answer = web.client.post(web.survey, data=form)

    assert (answer.status_code, web.answers()) == (400, [])
    assert "&lt;b&gt;高い&lt;/b&gt;" in answer.text
    checked = [radio["value"] for radio in Elements(answer.text).all("input") if "checked" in radio]
    assert checked == ["no"]
    assert 'role="alert"' in answer.text


def test_free_text_loses_what_no_database_takes_and_is_cut(web: Web) -> None:
    form = {"might_use": "unknown", "trouble": "a\0b\x07c", "opinion": "あ" * 3000}

    web.client.post(web.survey, data=form)

    [row] = web.answers()
    assert (row.trouble, len(row.opinion)) == ("abc", 2000)


def test_a_survey_is_open_for_ninety_days(web: Web) -> None:
    web.time[0] = T0 + days(90)
    last_day = web.client.get(web.survey).status_code
    web.time[0] = T0 + days(90) + timedelta(seconds=1)

    later = web.client.get(web.survey), web.client.post(web.survey, data={"might_use": "no_plan"})

    assert last_day == 200
    assert [answer.status_code for answer in later] == [404, 404]
    assert web.answers() == []


# Opting out


def test_the_button_stops_the_mails(web: Web) -> None:
    page = web.client.get(web.refusal)
    [hidden] = Elements(page.text).all("input")

    answer = web.client.post(web.refusal, data={hidden["name"]: hidden["value"]})

    assert "配信を停止しました" in answer.text
    [row] = web.suppressions()
    assert (row.address_key, row.reason) == (
        "taro@customer.example",
        SuppressionReason.UNSUBSCRIBED,
    )
    with web.database.reading() as session:
        assert session.get_one(Delivery, web.delivery_id).refused_at == T0 + days(1)


def test_after_it_the_page_says_so_instead_of_asking(web: Web) -> None:
    web.client.post(web.refusal, data=ONE_CLICK)

    page = web.client.get(web.refusal)

    assert "配信を停止しました" in page.text
    assert Elements(page.text).all("form") == []


def test_the_address_is_shown_masked(web: Web) -> None:
    pages_shown = [
        web.client.get(web.refusal).text,
        web.client.post(web.refusal, data={"confirm": "yes"}).text,
    ]

    for page in pages_shown:
        assert "t•••@customer.example" in page
        assert "taro" not in page


@pytest.mark.parametrize("as_form", ["data", "files"])
def test_one_click_stops_the_mails_at_once(web: Web, as_form: str) -> None:
    sent = (
        {"files": {"List-Unsubscribe": (None, "One-Click")}}
        if as_form == "files"
        else {"data": ONE_CLICK}
    )

    answers = [web.client.post(web.refusal, **sent) for _ in range(3)]  # type: ignore[arg-type]

    assert [(answer.status_code, answer.text) for answer in answers] == [(200, "OK")] * 3
    assert len(web.suppressions()) == 1


def test_one_click_without_a_content_type_counts(web: Web) -> None:
    answer = web.client.post(web.refusal, content=b"List-Unsubscribe=One-Click")

    assert (answer.status_code, len(web.suppressions())) == (200, 1)


def test_a_later_refusal_does_not_move_the_first(web: Web) -> None:
    web.client.post(web.refusal, data=ONE_CLICK)
    web.time[0] = T0 + days(400)
    web.client.post(web.refusal, data=ONE_CLICK)

    assert web.suppressions()[0].since == T0 + days(1)
    with web.database.reading() as session:
        assert session.get_one(Delivery, web.delivery_id).refused_at == T0 + days(1)


def test_a_refusal_holds_though_a_call_had_asked_for_it_before(web: Web) -> None:
    with web.database.writing() as session:
        session.add(
            Suppression(
                address_key="taro@customer.example",
                reason=SuppressionReason.DO_NOT_MAIL,
                source="call",
                since=T0,
                call_id=3,
            )
        )

    web.client.post(web.refusal, data=ONE_CLICK)

    [row] = web.suppressions()
    assert (row.call_id, row.reason, row.since) == (None, SuppressionReason.UNSUBSCRIBED, T0)


def test_an_opt_out_link_works_after_years_and_after_the_delivery_is_gone(web: Web) -> None:
    web.time[0] = T0 + days(5000)
    old = web.client.post(web.refusal, data=ONE_CLICK)
    gone = web.client.post(web.path(Purpose.UNSUBSCRIBE, 99999), data=ONE_CLICK)

    assert (old.status_code, gone.status_code) == (200, 200)
    assert web.client.get(web.path(Purpose.UNSUBSCRIBE, 99999)).status_code == 404


@pytest.mark.parametrize(
    "form", [{}, {"List-Unsubscribe": "no"}, {"confirm": "no"}, {"email": "a@b.example"}]
)
def test_any_other_post_is_refused(web: Web, form: dict[str, str]) -> None:
    answer = web.client.post(
        web.refusal, data=form, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )

    assert (answer.status_code, web.suppressions()) == (400, [])


def test_broken_and_oversized_forms_are_refused(web: Web) -> None:
    def sent(content: bytes, type: str) -> int:
        answer = web.client.post(web.refusal, content=content, headers={"Content-Type": type})
        return int(answer.status_code)

    form, multipart = "application/x-www-form-urlencoded", "multipart/form-data"

    assert sent(b"x" * 70_000, form) == 413
    assert sent(b"&".join([b"a=1"] * 99), form) == 400
    assert sent(b"junk", multipart) == 400
    assert sent(b"--x\r\njunk", f"{multipart}; boundary=x") == 400
    assert sent(b"{}", "application/json") == 415
    assert web.suppressions() == []


# Tokens


def test_a_wrong_token_leads_to_the_same_page_everywhere(web: Web) -> None:
    other_key = {"callfirst_secret_key": [SecretStr("somebody else's")]}
    other = sign(Purpose.SURVEY, 1, web.parts.config.model_copy(update=other_key))
    tokens = ["x", "%00", "a" * 10_000, other, web.survey.removeprefix("/s/") + "x"]
    wrong = [f"/{place}/{token}" for token in tokens for place in "su"]
    wrong += [f"/u/{web.survey[3:]}", f"/s/{web.refusal[3:]}"]

    answers = [web.client.get(path) for path in wrong]
    answers += [web.client.post(path, data=ONE_CLICK) for path in wrong]

    assert {answer.status_code for answer in answers} == {404}
    assert {answer.text for answer in answers} == {pages.not_found_page()}
    assert web.suppressions() == []


def test_every_changed_letter_of_a_token_is_refused(web: Web) -> None:
    token = web.refusal.removeprefix("/u/")

    for place in range(len(token)):
        for letter in "A_9":
            changed = token[:place] + letter + token[place + 1 :]
            if changed != token:
                assert web.client.post(f"/u/{changed}", data=ONE_CLICK).status_code == 404
    assert web.suppressions() == []


def test_a_busy_database_is_said_to_a_person(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.pages.WAIT_SECONDS", 0.05)

    with web.database.writing():
        answers = [
            web.client.post(web.survey, data={"might_use": "no_plan"}),
            web.client.post(web.refusal, data=ONE_CLICK),
        ]

    assert [answer.status_code for answer in answers] == [503, 503]
    assert "混み合っています" in answers[0].text
