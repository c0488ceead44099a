"""The Bolt app: every drawn button is heard, and each press has one effect."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from slack_bolt import App, BoltRequest
from sqlmodel import select

from bot.build_daily_lists import build_list, due_lists
from bot.config import Config
from bot.parts import Parts
from bot.post_daily_lists import post_lists
from bot.redraw_lists import redraw_lists
from bot.services.sendgrid import Mailer
from bot.views.blocks import Block
from bot.views.daily_list import WINDOW
from handlers.slack_app import build_slack_app
from models import Call, Callback, DailyList, Database
from models.enums import Language, Outcome
from tests.builders import a_lead, a_salesperson
from tests.slack_double import KeptSlack

CONFIG = Config(_env_file=None, public_url="https://bot.example", slack_bot_token="xoxb-test")
MORNING = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)


class Desk:
    """A salesperson's Slack in front of the real app, with a list of ten leads."""

    def __init__(self, database: Database) -> None:
        self.database, self.slack, self.moment = database, KeptSlack(), MORNING
        self.parts = Parts(
            CONFIG, database, self.slack, Mailer("key", "http://127.0.0.1:9"),
            now=lambda: self.moment, later=lambda work: work(),
        )  # fmt: skip
        with database.writing() as session:
            sato = a_salesperson(session)
            a_salesperson(session, "Smith", language=Language.EN)
            for number in range(10):
                a_lead(session, f"顧客{number}", owner=sato)
        with database.reading() as session:
            due = due_lists(session, CONFIG, MORNING)
        for one in due:
            with database.writing() as session:
                build_list(session, one, CONFIG, MORNING)
        post_lists(database, self.slack, CONFIG, MORNING)
        self.app: App = build_slack_app(self.parts)
        self.presses = 0

    @property
    def message(self) -> list[Block]:
        redraw_lists(self.database, self.slack, CONFIG, self.moment)
        return next(m.blocks for m in self.slack.messages.values() if m.channel == "DUSATO")

    def press(
        self, element: Block, user: str = "USATO", repeat: int = 1, container: Any = None
    ) -> Any:
        self.presses += 1
        chosen = element.get("options", [None])[0]
        action = {
            "type": element["type"],
            "action_id": element["action_id"],
            "block_id": "b",
            "value": element.get("value"),
            "selected_option": chosen,
            "action_ts": str(self.presses),
        }
        body = {
            "type": "block_actions",
            "user": {"id": user, "team_id": "T1"},
            "team": {"id": "T1"},
            "api_app_id": "A1",
            "container": container or {"type": "message", "message_ts": "1.1"},
            "trigger_id": f"trigger{self.presses}",
            "response_url": "https://slack.example/respond",
            "actions": [action],
        }
        answers = [self.send(payload=json.dumps(body)) for _ in range(repeat)]
        return answers[-1]

    def submit(self, view: Block, date: str, time: str) -> Any:
        values = {
            "promise_date": {"promise_date": {"selected_date": date}},
            "promise_time": {"promise_time": {"selected_time": time}},
            "promise_note": {"promise_note": {"value": "部長は10時から"}},
        }
        body = {
            "type": "view_submission",
            "user": {"id": "USATO", "team_id": "T1"},
            "team": {"id": "T1"},
            "view": view | {"id": f"V{self.presses}", "state": {"values": values}},
        }
        return self.send(payload=json.dumps(body))

    def type(self, text: str, user: str = "USATO") -> Any:
        answer = self.send(
            command="/callfirst", text=text, user_id=user, team_id="T1",
            response_url="https://slack.example/respond", trigger_id="t",
        )  # fmt: skip
        return json.loads(answer.body)

    def send(self, **form: str) -> Any:
        headers = {"content-type": ["application/x-www-form-urlencoded"]}
        answer = self.app.dispatch(BoltRequest(body=urlencode(form), headers=headers))
        assert answer.status == 200
        return answer

    def show_home(self, user: str) -> None:
        event = {"type": "app_home_opened", "user": user, "tab": "home"}
        body = {"type": "event_callback", "team_id": "T1", "event_id": "E1", "event": event}
        headers = {"content-type": ["application/json"]}
        answer = self.app.dispatch(BoltRequest(body=json.dumps(body), headers=headers))
        assert answer.status == 200

    def calls(self) -> list[tuple[Outcome, bool]]:
        with self.database.reading() as session:
            rows = session.exec(select(Call).order_by(Call.id)).all()
        return [(call.outcome, call.current) for call in rows]


@pytest.fixture
def desk(database: Database) -> Iterator[Desk]:
    yield Desk(database)


def elements(blocks: list[Block], action_id: str = "") -> list[Block]:
    """Everything in the blocks that can be pressed, or only what has this action id."""
    found = [e for b in blocks for e in b.get("elements", []) if "action_id" in e]
    found += [b["accessory"] for b in blocks if "accessory" in b]
    return [e for e in found if action_id in e["action_id"]]


def test_every_button_of_the_list_is_heard(desk: Desk) -> None:
    for element in elements(desk.message):
        desk.press(element)

    assert desk.slack.views, "the promise's dialog opened"
    assert not [said for _, said in desk.slack.answers if "番号" in said]


def test_a_pressed_row_folds_and_undo_brings_it_back(desk: Desk) -> None:
    before = elements(desk.message, "no_answer")

    desk.press(before[0])
    folded = desk.message
    desk.press(elements(folded, "undo")[0])

    assert len(elements(folded, "no_answer")) == WINDOW
    assert before[0]["value"] not in {e["value"] for e in elements(folded, "no_answer")}
    assert "「不在」 顧客0" in json.dumps(folded, ensure_ascii=False)
    assert elements(desk.message, "no_answer") == before
    assert desk.calls() == [(Outcome.NO_ANSWER, False)]


def test_undo_is_gone_after_a_quarter_of_an_hour(desk: Desk) -> None:
    desk.press(elements(desk.message, "no_answer")[0])
    undo = elements(desk.message, "undo")[0]
    desk.moment += timedelta(minutes=16)

    desk.press(undo)

    assert desk.calls() == [(Outcome.NO_ANSWER, True)]
    assert "15分以内" in desk.slack.answers[-1][1]


def test_a_press_slack_delivers_ten_times_is_one_outcome(desk: Desk) -> None:
    desk.press(elements(desk.message, "no_answer")[0], repeat=10)

    assert desk.calls() == [(Outcome.NO_ANSWER, True)]


def test_a_press_on_yesterdays_message_is_one_outcome_and_folds_there(desk: Desk) -> None:
    button = elements(desk.message, "no_answer")[0]
    desk.moment += timedelta(days=1)

    for _ in range(3):
        desk.press(button)

    assert desk.calls() == [(Outcome.NO_ANSWER, True)]
    assert button["value"] not in {e["value"] for e in elements(desk.message, "no_answer")}
    assert elements(desk.message, "undo")


def test_a_colleague_does_not_get_to_see_the_dialog_of_anothers_lead(desk: Desk) -> None:
    desk.press(elements(desk.message, "promise:open")[0], user="USMITH")

    assert desk.slack.views == []
    assert desk.slack.answers[-1][1] == "This lead belongs to Sato. Nothing was logged."


def test_what_is_pressed_is_logged_before_slack_is_answered(desk: Desk) -> None:
    button = elements(desk.message, "no_answer")[0]

    with desk.database.writing():  # someone else holds the writer: nothing can be committed
        desk.press(button)

    assert desk.calls() == []
    assert desk.slack.answers[-1][1] == "ただいま混み合っています。もう一度押してください。"


def test_a_dialog_without_a_state_is_answered(desk: Desk) -> None:
    body = {
        "type": "view_submission", "user": {"id": "USATO"}, "team": {"id": "T1"},
        "view": {"type": "modal", "callback_id": "promise", "id": "V1", "private_metadata": "e1"},
    }  # fmt: skip

    desk.send(payload=json.dumps(body))

    assert desk.calls() == []


def test_a_stranger_and_a_colleague_are_refused_in_words(desk: Desk) -> None:
    button = elements(desk.message, "no_answer")[0]

    desk.press(button, user="UNOBODY")
    desk.press(button, user="USMITH")

    assert desk.calls() == []
    said = [sentence for _, sentence in desk.slack.answers]
    assert said[0].startswith("callfirstに登録されていません")
    assert said[1] == "This lead belongs to Sato. Nothing was logged."


def test_a_promise_is_taken_in_the_dialog(desk: Desk) -> None:
    desk.press(elements(desk.message, "promise:open")[0])
    _, view = desk.slack.views[-1]

    wrong = json.loads(desk.submit(view, "2026-11-20", "10:00").body)
    right = desk.submit(view, "2026-11-26", "10:30")

    assert wrong["response_action"] == "errors"
    assert set(wrong["errors"]) == {"promise_time"}
    assert right.body in ("", None)
    with desk.database.reading() as session:
        promise = session.exec(select(Callback)).one()
        note = session.exec(select(Call.note)).one()
    assert promise.due_at == datetime(2026, 11, 26, 1, 30, tzinfo=UTC)
    assert note == "部長は10時から"
    assert "11月26日(木) 10:30" in json.dumps(desk.message, ensure_ascii=False)


def test_show_next_moves_on_and_starts_again_from_the_top(desk: Desk) -> None:
    first = elements(desk.message, "no_answer")
    more = elements(desk.message, "list_next")[0]

    desk.press(more)
    second = elements(desk.message, "no_answer")
    desk.press(more)

    assert len(second) == 3
    assert not {e["value"] for e in first} & {e["value"] for e in second}
    assert elements(desk.message, "no_answer") == first


def test_another_persons_list_cannot_be_turned(desk: Desk) -> None:
    desk.press(elements(desk.message, "list_next")[0], user="USMITH")

    with desk.database.reading() as session:
        assert set(session.exec(select(DailyList.window_start))) == {0}


@pytest.mark.parametrize("word", ["", "today", "今日", " 今日 ", "TODAY"])
def test_the_command_answers_today_in_the_answer_itself(desk: Desk, word: str) -> None:
    answer = desk.type(word)

    assert answer["response_type"] == "ephemeral"
    assert answer["text"].startswith("今日の優先コール 11月24日(火): 残り10件")
    assert len(elements(answer["blocks"], "no_answer")) == WINDOW


def test_an_unknown_word_gets_the_nearest_one_and_help(desk: Desk) -> None:
    answer = desk.type("halp <!channel>", user="USMITH")
    near = desk.type("toady", user="USMITH")

    assert answer["text"].startswith("I do not know “halp &lt;!channel&gt;”.")
    assert "Did you mean `/callfirst today`?" in near["text"]


def test_a_stranger_who_types_the_command_is_told_what_to_do(desk: Desk) -> None:
    answer = desk.type("", user="UNOBODY")

    assert answer["response_type"] == "ephemeral"
    assert "登録されていません" in answer["text"]


def test_someone_from_another_workspace_reaches_nothing(desk: Desk) -> None:
    button = elements(desk.message, "no_answer")[0]
    body = {
        "type": "block_actions", "user": {"id": "USATO", "team_id": "T2"}, "team": {"id": "T1"},
        "container": {}, "actions": [{"block_id": "b", "action_ts": "1"} | button],
    }  # fmt: skip

    desk.send(payload=json.dumps(body))

    assert desk.calls() == []


def test_a_request_that_names_another_team_reaches_nothing(desk: Desk) -> None:
    button = elements(desk.message, "no_answer")[0]
    body = {
        "type": "block_actions", "user": {"id": "USATO"}, "team": {"id": "T2"},
        "container": {}, "actions": [{"block_id": "b", "action_ts": "1"} | button],
    }  # fmt: skip

    desk.send(payload=json.dumps(body))

    assert desk.calls() == []


@pytest.mark.parametrize("user", ["USATO", "USMITH", "UNOBODY"])
def test_home_is_published_for_everyone_who_opens_it(desk: Desk, user: str) -> None:
    desk.show_home(user)

    assert desk.slack.homes[user]["type"] == "home"


def test_a_task_stands_on_home_until_it_is_done(desk: Desk) -> None:
    other = next(e for e in elements(desk.message, "other"))
    left = [o for o in other["options"] if o["value"].startswith("left_company")]
    desk.press(other | {"options": left})
    desk.show_home("USATO")
    [done] = elements(desk.slack.homes["USATO"]["blocks"], "task_done")

    desk.press(done, user="USMITH")
    desk.press(done)

    assert "someone else's" in desk.slack.answers[-1][1]
    assert elements(desk.slack.homes["USATO"]["blocks"], "task_done") == []


def test_a_press_in_home_is_seen_in_home_at_once(desk: Desk) -> None:
    desk.show_home("USATO")
    before = elements(desk.slack.homes["USATO"]["blocks"], "no_answer")

    desk.press(before[0], container={"type": "view", "view_id": "V1"})

    after = elements(desk.slack.homes["USATO"]["blocks"], "no_answer")
    assert before[0]["value"] not in {e["value"] for e in after}


def test_a_fault_gets_a_number_and_no_detail(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    button = elements(desk.message, "no_answer")[0]
    broken = button | {"action_id": "outcome:no_such_outcome"}

    desk.press(broken)

    said = desk.slack.answers[-1][1]
    assert "管理者に番号" in said
    assert said.split("番号 ")[1].split(" ")[0] in caplog.text
