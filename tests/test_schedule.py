"""The schedule: one fault stops nothing else, and nothing dated runs twice."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from bot import schedule
from bot.config import Config
from bot.parts import Parts
from bot.services.sendgrid import Mailer
from models import DailyList, Database, JobRun, Lead
from models.enums import CustomerClass, ListState
from tests.builders import a_lead, a_salesperson
from tests.slack_double import KeptSlack

MORNING = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)


class Office:
    """Parts with a clock that is moved by hand."""

    def __init__(self, database: Database) -> None:
        self.moment, self.slack = MORNING, KeptSlack()
        config = Config(_env_file=None, public_url="https://bot.example")
        self.parts = Parts(
            config, database, self.slack, Mailer("key", "http://127.0.0.1:9"),
            now=lambda: self.moment, later=lambda work: work(),
        )  # fmt: skip


@pytest.fixture
def office(any_database: Database) -> Iterator[Office]:
    with any_database.writing() as session:
        sato = a_salesperson(session)
        a_lead(session, owner=sato)
        a_lead(session, customer_class=None)
    yield Office(any_database)


def test_a_tick_classes_deals_builds_and_posts(office: Office) -> None:
    schedule.tick(office.parts)

    with office.parts.database.reading() as session:
        leads = session.exec(select(Lead).order_by(Lead.id)).all()
        daily = session.exec(select(DailyList)).one()
    assert [lead.customer_class for lead in leads] == [CustomerClass.E] * 2
    assert all(lead.owner_id for lead in leads)
    assert daily.state is ListState.POSTED
    assert len(office.slack.messages) == 1


def test_a_day_of_ticks_in_two_processes_posts_one_list(office: Office) -> None:
    for minutes in range(0, 24 * 60, 30):
        office.moment = MORNING + timedelta(minutes=minutes)
        workers = [threading.Thread(target=schedule.tick, args=[office.parts]) for _ in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    assert len(office.slack.messages) == 1
    with office.parts.database.reading() as session:
        assert len(session.exec(select(JobRun)).all()) == 2


def test_a_fault_in_one_step_leaves_the_others_to_be_done(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("out of order")

    monkeypatch.setattr(schedule, "class_accounts", broken)

    schedule.tick(office.parts)

    assert len(office.slack.messages) == 1
    assert "class and deal" in caplog.text


def test_the_schedule_draws_a_changed_list_without_waiting_for_a_tick(office: Office) -> None:
    schedule.tick(office.parts)
    running = schedule.start(office.parts)
    with office.parts.database.writing() as session:
        session.exec(select(DailyList)).one().version += 1

    office.parts.stale.set()
    for _ in range(100):
        if office.slack.updates:
            break
        threading.Event().wait(0.05)
    running.stop()

    assert len(office.slack.updates) == 1
