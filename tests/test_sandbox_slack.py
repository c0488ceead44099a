"""The stand-in for Slack answers, refuses and sends as Slack does."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from slack_bolt import Ack, App, BoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from starlette.applications import Starlette

from bot.errors import DeliveryFailed
from bot.sandbox import slack_draw, slack_forms
from bot.sandbox.clock import SimulatedClock
from bot.sandbox.server import LocalServer
from bot.sandbox.slack_api import SlackApi
from bot.sandbox.slack_press import SlackSender, action_of
from bot.sandbox.slack_state import BOT_USER, TEAM, Message, Person, Workspace
from bot.sandbox.wire import Answer
from bot.services.slack import Slack
from bot.views.blocks import Block, actions, button, header, section

SATO = Person("U1", "佐藤", "sato@seller.example", "D1", "job.inside")
SUZUKI = Person("U2", "鈴木", "suzuki@seller.example", "D2", "job.inside")
SECRET, TOKEN = "signing-secret", "xoxb-test"
PRESS_ME = [section("hello", "text"), actions([button("Press", "press", "7")], "row")]


class Standin:
    """A served workspace, and a bot that records what it hears."""

    def __init__(self) -> None:
        self.clock = SimulatedClock(datetime(2026, 6, 1, tzinfo=UTC))
        self.workspace = Workspace(self.clock.now, [SATO, SUZUKI])
        self.api = SlackApi(self.workspace, TOKEN)
        self.server = LocalServer()
        self.server.start(Starlette(routes=self.api.routes()))
        self.url = f"{self.server.url}/slack/api/"
        self.heard: list[dict[str, Any]] = []
        self.bot = a_bolt_app(self.heard)
        self.sender = SlackSender(self.api, self.server.url, SECRET, self._to_bot)
        self.client = WebClient(TOKEN, base_url=self.url, retry_handlers=[])

    def posted(self, blocks: list[Block] = PRESS_ME) -> Message:
        ts = self.client.chat_postMessage(channel="D1", text="hello", blocks=blocks)["ts"]
        found = self.workspace.find("D1", ts)
        assert found
        return found

    def _to_bot(self, body: bytes, headers: dict[str, str]) -> Answer:
        lists = {name: [value] for name, value in headers.items()}
        answered = self.bot.dispatch(BoltRequest(body=body.decode(), headers=lists))
        return Answer(answered.status, {}, (answered.body or "").encode())


def a_bolt_app(heard: list[dict[str, Any]]) -> App:
    """Bolt with its own signature check, which reads the real clock."""
    known = AuthorizeResult(
        enterprise_id=None,
        team_id=TEAM["id"],
        bot_id="B",
        bot_user_id=BOT_USER,
        bot_token=TOKEN,
    )
    app = App(
        signing_secret=SECRET,
        authorize=lambda: known,
        process_before_response=True,
        token_verification_enabled=False,
        request_verification_enabled=False,
    )

    @app.action("press")
    def pressed(ack: Ack, body: dict[str, Any]) -> None:
        heard.append(body)
        ack()

    @app.command("/callfirst")
    def typed(ack: Ack, command: dict[str, Any]) -> None:
        heard.append(command)
        ack(text="a list", response_type="ephemeral")

    @app.event("app_home_opened")
    def opened(event: dict[str, Any]) -> None:
        heard.append(event)

    @app.view("dialog")
    def submitted(ack: Ack, view: dict[str, Any]) -> None:
        heard.append(view)
        if view["state"]["values"]["day"]["day"]["selected_date"] < "2026-06-01":
            ack(response_action="errors", errors={"day": "too early"})
        else:
            ack()

    return app


@pytest.fixture
def standin() -> Iterator[Standin]:
    made = Standin()
    yield made
    made.server.stop()


def a_dialog() -> Block:
    return {
        "type": "modal",
        "callback_id": "dialog",
        "title": {"type": "plain_text", "text": "When?"},
        "submit": {"type": "plain_text", "text": "Save"},
        "blocks": [
            {
                "type": "input",
                "block_id": "day",
                "label": {"type": "plain_text", "text": "Day"},
                "element": {"type": "datepicker", "action_id": "day"},
            }
        ],
    }


def refused(call: Any, **arguments: Any) -> str:
    with pytest.raises(SlackApiError) as error:
        call(**arguments)
    return str(error.value.response["error"])


def test_the_products_own_client_posts_finds_and_updates(standin: Standin) -> None:
    slack = Slack(TOKEN, standin.url)

    channel = slack.open_dm("U1")
    ts = slack.post(channel, "first", PRESS_ME, key="list-1")
    slack.update(channel, ts, "second", PRESS_ME)

    assert slack.who_am_i()["team_id"] == TEAM["id"]
    assert [message.text for message in standin.workspace.messages["D1"]] == ["second"]
    assert standin.workspace.faults == []


def test_reading_methods_find_people_and_messages_by_form(standin: Standin) -> None:
    standin.client.chat_postMessage(
        channel="D1", text="x", metadata={"event_type": "t", "event_payload": {"id": "9"}}
    )

    found = standin.client.users_lookupByEmail(email=SUZUKI.email)
    history = standin.client.conversations_history(channel="D1", include_all_metadata=True)

    assert found["user"]["id"] == "U2"
    assert history["messages"][0]["metadata"]["event_payload"] == {"id": "9"}


def test_reading_methods_do_not_read_json(standin: Standin) -> None:
    arguments = {"api_method": "users.lookupByEmail", "json": {"email": SATO.email}}

    assert refused(standin.client.api_call, **arguments) == "invalid_arguments"


def test_a_wrong_token_is_refused(standin: Standin) -> None:
    with pytest.raises(DeliveryFailed, match="invalid_auth"):
        Slack("xoxb-other", standin.url).open_dm("U1")


@pytest.mark.parametrize(
    "blocks",
    [
        [section("x", f"b{number}") for number in range(51)],
        [section("x", "same"), section("y", "same")],
        [actions([button("a", "same", "1"), button("b", "same", "2")])],
        [actions([])],
        [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}],
        [{"type": "section", "text": {"type": "mrkdwn", "text": ""}}],
        [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}],
        [{"type": "unheard_of"}],
        [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}],
    ],
)
def test_what_slack_refuses_is_refused(standin: Standin, blocks: list[Block]) -> None:
    post = standin.client.chat_postMessage

    assert refused(post, channel="D1", text="x", blocks=blocks) == "invalid_blocks"
    assert standin.workspace.messages["D1"] == []


def test_a_message_without_text_is_taken_and_noted_as_a_fault(standin: Standin) -> None:
    with pytest.warns(UserWarning):
        standin.client.chat_postMessage(channel="D1", blocks=PRESS_ME)

    assert len(standin.workspace.messages["D1"]) == 1
    assert standin.workspace.faults == ["chat.postMessage: no top-level text beside the blocks"]


def test_a_press_reaches_the_bot_as_slack_sends_it(standin: Standin) -> None:
    message = standin.posted()
    found = slack_forms.pressed(message.blocks, slack_forms.press_value("row", "press"))
    assert found

    block, element, _ = found
    answer = standin.sender.press("U1", message, block, action_of(element))

    assert answer.status == 200
    [body] = standin.heard
    assert body["actions"][0]["value"] == "7"
    assert body["container"] == {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": "D1",
        "is_ephemeral": False,
    }
    assert body["user"]["team_id"] == TEAM["id"]


def test_requests_are_signed_with_the_simulated_time(standin: Standin) -> None:
    seen: list[dict[str, str]] = []
    sender = SlackSender(
        standin.api,
        standin.server.url,
        SECRET,
        lambda body, headers: (seen.append(headers), Answer(200, {}, b""))[1],
    )

    sender.command("U1", "help")

    assert seen[0]["X-Slack-Request-Timestamp"] == str(int(standin.clock.now().timestamp()))
    assert seen[0]["X-Slack-Signature"].startswith("v0=")


def test_a_commands_answer_is_seen_by_its_sender_alone(standin: Standin) -> None:
    standin.sender.command("U1", "今日")

    assert standin.heard[0]["text"] == "今日"
    assert [(one.text, one.only_for) for one in standin.workspace.messages["D1"]] == [
        ("a list", "U1")
    ]


def test_opening_home_tells_the_bot(standin: Standin) -> None:
    standin.sender.open_home("U1")

    assert (standin.heard[0]["tab"], standin.heard[0]["user"]) == ("home", "U1")


def test_a_trigger_opens_one_dialog_within_three_seconds(standin: Standin) -> None:
    trigger = standin.workspace.new_trigger("U1")
    standin.client.views_open(trigger_id=trigger, view=a_dialog())
    late = standin.workspace.new_trigger("U1")
    standin.clock.move_on(timedelta(seconds=4))

    for used in (trigger, late):
        error = refused(standin.client.views_open, trigger_id=used, view=a_dialog())
        assert error == "expired_trigger_id"
    assert len(standin.workspace.modals["U1"]) == 1


def test_a_refused_dialog_keeps_what_was_typed_and_says_why(standin: Standin) -> None:
    standin.client.views_open(trigger_id=standin.workspace.new_trigger("U1"), view=a_dialog())
    [view] = standin.workspace.modals["U1"]

    wrong = slack_forms.state_values(view, {'["day", "day"]': "2026-05-01"})
    standin.sender.submit(view, wrong)

    assert view.errors == {"day": "too early"}
    element = view.body["blocks"][0]["element"]
    assert slack_forms.current_value(view, view.body["blocks"][0], element) == "2026-05-01"

    right = slack_forms.state_values(view, {'["day", "day"]': "2026-06-02"})
    standin.sender.submit(view, right)

    assert standin.workspace.modals["U1"] == []


def test_a_response_url_answers_five_times(standin: Standin) -> None:
    message = standin.posted()
    token = standin.workspace.new_reply("U1", "D1", message.ts)
    slack = Slack(TOKEN, standin.url)
    url = f"{standin.server.url}/slack/respond/{token}"

    slack.respond(url, "changed", [header("new")])
    for _ in range(4):
        slack.respond(url, "psst")

    assert message.text == "changed"
    with pytest.raises(DeliveryFailed, match="used_url"):
        slack.respond(url, "too much")


@pytest.mark.parametrize(
    ("written", "drawn"),
    [
        ("*bold* and _slanted_", "<strong>bold</strong> and <em>slanted</em>"),
        ("a < b & <script>", "a &lt; b &amp; &lt;script&gt;"),
        ("&lt;b&gt; &amp;", "&lt;b&gt; &amp;"),
        ("*\u2060not bold*\u2060", "*\u2060not bold*\u2060"),
        ("<javascript:alert(1)|x>", "&lt;javascript:alert(1)|x&gt;"),
        ("<@U1>", '<span class="mention">@佐藤</span>'),
        ('`<b>` "q"', "<code>&lt;b&gt;</code> &quot;q&quot;"),
    ],
)
def test_mrkdwn_is_drawn_with_data_as_data(standin: Standin, written: str, drawn: str) -> None:
    assert slack_draw.mrkdwn(written, standin.workspace) == drawn
