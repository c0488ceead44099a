"""One list per salesperson and local date: built, posted, settled, drawn again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.build_daily_lists import build_list, due_lists
from bot.config import Config
from bot.errors import DeliveryFailed
from bot.post_daily_lists import post_lists, settle_lists
from bot.redraw_lists import redraw_lists
from bot.remind_callbacks import remind_callbacks
from models import Call, Callback, DailyList, Database, Lead, ListEntry, MailEvent
from models.enums import EventKind, Language, ListState, Outcome, Role, Section, Verdict
from tests.builders import T0, a_lead, a_salesperson
from tests.signals import a_delivery
from tests.slack_double import KeptSlack

CONFIG = Config(_env_file=None, public_url="https://bot.example")
TUESDAY_0830 = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)  # 8:30 on the 24th in Tokyo


@pytest.fixture
def slack() -> KeptSlack:
    return KeptSlack()


def morning(database: Database, slack: KeptSlack, now: datetime = TUESDAY_0830) -> None:
    """What the schedule does with lists."""
    with database.reading() as session:
        due = due_lists(session, CONFIG, now)
    for one in due:
        with database.writing() as session:
            build_list(session, one, CONFIG, now)
    post_lists(database, slack, CONFIG, now)
    settle_lists(database, slack, CONFIG, now)
    redraw_lists(database, slack, CONFIG, now)


def lists(database: Database) -> list[DailyList]:
    with database.reading() as session:
        return list(session.exec(select(DailyList).order_by(DailyList.id)))


def set_up(database: Database, leads: int = 3, **fields: Any) -> None:
    with database.writing() as session:
        sato = a_salesperson(session, **fields)
        for _ in range(leads):
            a_lead(session, owner=sato)


def test_a_list_is_posted_once_on_the_persons_own_morning(
    database: Database, slack: KeptSlack
) -> None:
    set_up(database)

    morning(database, slack, TUESDAY_0830 - timedelta(minutes=1))
    early = len(slack.messages)
    for minutes in range(0, 60, 5):
        morning(database, slack, TUESDAY_0830 + timedelta(minutes=minutes))

    assert early == 0
    assert [posted.channel for posted in slack.messages.values()] == ["DUSATO"]
    assert [daily.state for daily in lists(database)] == [ListState.POSTED]


def test_each_zone_has_its_own_morning_and_date(database: Database, slack: KeptSlack) -> None:
    with database.writing() as session:
        a_salesperson(session, "Sato")
        a_salesperson(session, "Smith", timezone="America/New_York", language=Language.EN)

    morning(database, slack)
    morning(database, slack, datetime(2026, 11, 24, 13, 30, tzinfo=UTC))

    assert [p.channel for p in slack.messages.values()] == ["DUSATO", "DUSMITH"]
    assert [daily.local_date.day for daily in lists(database)] == [24, 24]


def test_no_list_comes_on_weekends_and_holidays(database: Database, slack: KeptSlack) -> None:
    set_up(database)

    for day in (21, 22, 23):  # Saturday, Sunday, 勤労感謝の日
        morning(database, slack, datetime(2026, 11, day, 0, 0, tzinfo=UTC))

    assert lists(database) == []


def test_a_bot_that_wakes_after_noon_skips_the_list_of_that_day(
    database: Database, slack: KeptSlack
) -> None:
    set_up(database)

    morning(database, slack, TUESDAY_0830 + timedelta(hours=5))

    assert [daily.state for daily in lists(database)] == [ListState.SKIPPED]
    assert slack.messages == {}


def test_a_lost_answer_is_looked_up_and_not_posted_twice(
    database: Database, slack: KeptSlack
) -> None:
    set_up(database)
    slack.lose_next = 1

    morning(database, slack)
    unsure = lists(database)[0].state
    morning(database, slack, TUESDAY_0830 + timedelta(minutes=2))

    assert unsure is ListState.UNKNOWN
    assert len(slack.messages) == 1
    assert lists(database)[0].state is ListState.POSTED


def test_a_post_that_never_arrived_is_made_after_looking(
    database: Database, slack: KeptSlack
) -> None:
    set_up(database)
    slack.lose_next = 1
    morning(database, slack)
    slack.messages.clear()

    morning(database, slack, TUESDAY_0830 + timedelta(minutes=2))

    assert len(slack.messages) == 1
    assert lists(database)[0].state is ListState.POSTED


def test_a_crash_between_claim_and_post_is_settled_at_a_later_tick(
    database: Database, slack: KeptSlack
) -> None:
    set_up(database)
    morning(database, slack)
    with database.writing() as session:
        daily = session.exec(select(DailyList)).one()
        daily.state, daily.message_ts = ListState.SENDING, None

    morning(database, slack, TUESDAY_0830 + timedelta(minutes=5))

    assert len(slack.messages) == 1
    assert lists(database)[0].message_ts is not None


def test_one_persons_refusal_stops_nobody_else(database: Database, slack: KeptSlack) -> None:
    with database.writing() as session:
        a_salesperson(session, "Sato", slack_id=None)
        a_salesperson(session, "Suzuki")

    morning(database, slack)

    assert [daily.state for daily in lists(database)] == [ListState.FAILED, ListState.POSTED]


def test_a_rate_limit_leaves_the_list_ready_for_the_next_tick(
    database: Database, slack: KeptSlack
) -> None:
    set_up(database)
    slack.fail_next = [DeliveryFailed("ratelimited", permanent=False)]

    morning(database, slack)
    morning(database, slack, TUESDAY_0830 + timedelta(minutes=1))

    assert len(slack.messages) == 1


def test_a_list_holds_no_more_than_the_capacity_and_no_lead_twice_on_a_date(
    database: Database, slack: KeptSlack
) -> None:
    set_up(database, leads=30, capacity=12)

    morning(database, slack)

    with database.reading() as session:
        entries = session.exec(select(ListEntry)).all()
    assert len(entries) == 12
    assert len({entry.lead_id for entry in entries}) == 12


def test_a_lead_dealt_anew_stands_on_no_second_list_of_the_day(
    database: Database, slack: KeptSlack
) -> None:
    with database.writing() as session:
        sato = a_salesperson(session, "Sato")
        late = a_salesperson(session, "Suzuki", list_time="09:30")
        lead = a_lead(session, owner=sato)
    morning(database, slack)
    with database.writing() as session:
        session.get_one(Lead, lead.id).owner_id = late.id

    morning(database, slack, TUESDAY_0830 + timedelta(hours=1))

    with database.reading() as session:
        assert len(session.exec(select(ListEntry)).all()) == 1
    assert len(lists(database)) == 2


def test_calls_made_before_the_list_count_against_its_capacity(
    database: Database, slack: KeptSlack
) -> None:
    set_up(database, leads=20, capacity=10)
    with database.writing() as session:
        for lead in session.exec(select(Lead).limit(4)).all():
            session.add(
                Call(
                    lead_id=lead.id, salesperson_id=lead.owner_id, outcome=Outcome.INTERESTED,
                    at=TUESDAY_0830 - timedelta(hours=1), logged_at=TUESDAY_0830,
                )
            )  # fmt: skip

    morning(database, slack)

    with database.reading() as session:
        assert len(session.exec(select(ListEntry)).all()) == 6


@pytest.mark.parametrize("verdict", list(Verdict))
def test_only_what_a_person_clicked_puts_a_lead_first(
    database: Database, slack: KeptSlack, verdict: Verdict
) -> None:
    with database.writing() as session:
        lead = a_lead(session, owner=a_salesperson(session))
        delivery = a_delivery(session, lead)
        session.add(
            MailEvent(
                at=T0 - timedelta(days=1), event_id="e", natural_key="n", kind=EventKind.CLICK,
                delivery_id=delivery.id, lead_id=lead.id, url="https://x.example", raw="{}",
                received_at=T0, verdict=verdict,
            )
        )  # fmt: skip

    morning(database, slack)

    with database.reading() as session:
        [section] = session.exec(select(ListEntry.section))
    assert (section is Section.FIRST) == (verdict is Verdict.HUMAN)


def test_a_marketer_without_leads_gets_no_list_and_a_rep_without_leads_a_short_one(
    database: Database, slack: KeptSlack
) -> None:
    with database.writing() as session:
        a_salesperson(session, "Sato")
        a_salesperson(session, "Mori", role=Role.MARKETER)

    morning(database, slack)

    [posted] = slack.messages.values()
    assert posted.channel == "DUSATO"
    assert posted.blocks[-1]["text"]["text"] == "今日お電話する候補はありません。"


def test_a_reminder_of_a_promise_is_posted_once(database: Database, slack: KeptSlack) -> None:
    with database.writing() as session:
        promise(session, T0 + timedelta(hours=3))

    for minutes in range(0, 240, 2):
        remind_callbacks(database, slack, T0 + timedelta(minutes=minutes))

    [reminder] = slack.messages.values()
    assert reminder.text == "まもなく約束の時刻です: 12:00 山田 太郎さん"


def promise(session: Session, due_at: datetime) -> None:
    sato = a_salesperson(session, dm_channel="DUSATO")
    lead = a_lead(session, owner=sato)
    call = Call(
        lead_id=lead.id, salesperson_id=sato.id, outcome=Outcome.CALLBACK, at=T0, logged_at=T0
    )
    session.add(call)
    session.flush()
    session.add(Callback(lead_id=lead.id, salesperson_id=sato.id, call_id=call.id, due_at=due_at))
