"""kill -9 at any moment, two senders at once, opt-outs in between: nobody gets a mail twice."""

import collections
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import select

from bot.config import Config
from bot.send_info_mail import send_due_mails
from bot.settle_deliveries import settle_deliveries
from bot.verify_ledger import verify_ledger
from models import Database, Delivery, InfoMail, Suppression
from models.enums import MailState, SuppressionReason
from tests.mail_world import (
    Answer,
    Outbox,
    Wire,
    a_config,
    a_mail,
    accepted,
    delivery_ids,
    many_leads,
    states,
    wire,
)

KILLS = 25
ROOT = Path(__file__).parents[1]


def environment(config: Config, database: Database, server: Wire) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if "proxy" not in name.lower()},
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": database.url,
        "SENDGRID_API_URL": server.url,
        "SENDGRID_API_KEY": "SG.key",
        "PUBLIC_URL": config.public_url,
        "CALLFIRST_SECRET_KEY": "a key of the tests",
        "MAIL_FROM": config.mail_from,
        "MAIL_FROM_NAME": config.mail_from_name,
        "MAIL_POSTAL_ADDRESS": config.mail_postal_address,
        "MAIL_CONTACT": config.mail_contact,
        "MAIL_BATCH_SIZE": str(config.mail_batch_size),
    }


class Senders:
    """One forking process: `start` a sender, `kill` it or wait until it has `ended`."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._pid = 0

    def start(self, mail_id: int) -> None:
        self._say(f"{mail_id}\n")
        self._pid = int(self._hear("started"))

    def kill(self) -> int:
        os.kill(self._pid, signal.SIGKILL)
        return self.ended()

    def ended(self) -> int:
        return int(self._hear("ended"))

    def _say(self, line: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(line)
        self._process.stdin.flush()

    def _hear(self, word: str) -> str:
        assert self._process.stdout
        first, _, rest = self._process.stdout.readline().partition(" ")
        assert first == word
        return rest


@contextmanager
def senders(config: Config, database: Database, server: Wire) -> Iterator[Senders]:
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "tests" / "sending_process.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(config, database, server),
        cwd=database.url.removeprefix("sqlite:///").rpartition("/")[0],
    )
    try:
        yield Senders(process)
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


def a_started_mail(database: Database, config: Config, leads: int) -> int:
    with database.writing() as session:
        many_leads(session, leads)
        return a_mail(session, config, now=datetime.now(UTC) - timedelta(seconds=1))


def received(server: Wire) -> "collections.Counter[str]":
    return collections.Counter(one for body in server.bodies for one in delivery_ids(body))


def test_25_kills_double_nobody_lose_nobody_and_name_whom_they_left_unsure(
    database: Database,
) -> None:
    chance = random.Random(20261124)
    config = a_config(mail_batch_size=7)
    mail_id = a_started_mail(database, config, 1500)

    def slowly(body: dict[str, Any]) -> Answer:
        time.sleep(chance.random() * 0.01)
        return accepted(body)

    with wire(slowly) as server, senders(config, database, server) as sender:
        for _ in range(KILLS):
            sender.start(mail_id)
            for _ in range(chance.randint(1, 4)):
                assert server.arrived.acquire(timeout=20)
            time.sleep(chance.random() * 0.04)
            assert sender.kill() == -signal.SIGKILL
        sender.start(mail_id)
        assert sender.ended() == 0

    with database.writing() as session:
        settle_deliveries(session, datetime.now(UTC) + timedelta(minutes=3))
        proof = verify_ledger(session)
        rows = session.execute(select(Delivery.public_id, Delivery.state)).all()
    counts = received(server)
    assert max(counts.values()) == 1
    assert proof["ok"]
    unsure = {row["public_id"] for row in proof["unsure"]}
    assert unsure == {public_id for public_id, state in rows if state == "unknown"}
    certain = {public_id for public_id, state in rows if state == "accepted"}
    assert certain <= set(counts)
    assert set(counts) - certain <= unsure
    assert len(certain) + len(unsure) == 1500
    assert 0 < len(unsure) <= KILLS * config.mail_batch_size


def test_two_processes_mail_each_lead_once(database: Database) -> None:
    config = a_config(mail_batch_size=5)
    mail_id = a_started_mail(database, config, 200)

    with (
        wire() as server,
        senders(config, database, server) as one,
        senders(config, database, server) as two,
    ):
        one.start(mail_id)
        two.start(mail_id)
        assert (one.ended(), two.ended()) == (0, 0)

    counts = received(server)
    assert set(counts.values()) == {1}
    assert len(counts) == 200
    assert states(database) == {"accepted": 200}
    with database.reading() as session:
        assert verify_ledger(session)["ok"]
        assert session.exec(select(InfoMail.state)).one() is MailState.SENT


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_claim_follows_an_opt_out_that_is_committed(database: Database, seed: int) -> None:
    config = a_config(mail_batch_size=3)
    a_started_mail(database, config, 300)
    order = random.Random(seed).sample(range(1, 301), 150)
    committed: dict[str, datetime] = {}
    begun = threading.Event()

    def opt_out() -> None:
        for number in order:
            address = f"lead{number}@customer.example"
            with database.writing() as session:
                session.add(
                    Suppression(
                        address_key=address,
                        reason=SuppressionReason.UNSUBSCRIBED,
                        source="test",
                        since=datetime.now(UTC),
                    )
                )
            committed[address] = datetime.now(UTC)
            begun.set()

    refusing = threading.Thread(target=opt_out)
    refusing.start()
    assert begun.wait(20)
    send_due_mails(database, Outbox(), config, lambda: datetime.now(UTC))
    refusing.join()

    with database.reading() as session:
        claims = session.execute(
            sa.select(Delivery.address_key, Delivery.claimed_at).where(
                Delivery.claimed_at.is_not(None)
            )
        ).all()
        assert verify_ledger(session)["ok"]
    late = [address for address, at in claims if address in committed and at > committed[address]]
    assert late == []
    assert states(database).get("skipped", 0) > 0
