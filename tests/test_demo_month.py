"""A month of the demo: the same twice, proven by the stand-ins, and in the order of days."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.clock import START, TOKYO, SimulatedClock
from bot.sandbox.month_checks import MonthChecks
from bot.sandbox.root import Sandbox
from bot.sandbox.sendgrid_api import Mail

ROOT = Path(__file__).parent.parent
RUN = [sys.executable, "-c", "from bot.cli import app; app()", "demo", "--month", "--json"]
KEYS = (
    "seed days mailed bounced opened_human opened_machine clicked_human clicked_machine answered"
    " lists longest_list listed called reached appointments suppressed verify"
)
MONTH_SECONDS = 110  # the promise is ten; this only ends a run that hangs


@pytest.fixture(scope="module")
def months() -> list[tuple[int, bytes, bytes]]:
    """Exit code, output and errors of two runs with one seed, side by side."""
    runs = [
        subprocess.Popen(RUN, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    ended = [run.communicate(timeout=MONTH_SECONDS) for run in runs]
    return [(run.returncode, out, err) for run, (out, err) in zip(runs, ended, strict=True)]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox that is put together but not started."""
    with Sandbox(seed=1) as made:
        yield made


def the_report(months: list[tuple[int, bytes, bytes]]) -> dict[str, Any]:
    report = json.loads(months[0][1])
    assert isinstance(report, dict)
    return report


@pytest.mark.timeout(MONTH_SECONDS + 10)
def test_two_runs_with_one_seed_print_the_same_document(
    months: list[tuple[int, bytes, bytes]],
) -> None:
    (first, out, err), (second, out_again, _) = months

    assert (first, second) == (0, 0), err.decode()
    assert out == out_again
    assert " ".join(json.loads(out)) == KEYS


def test_the_months_proof_holds(months: list[tuple[int, bytes, bytes]]) -> None:
    verify = the_report(months)["verify"]

    assert verify == {
        "ok": True,
        "doubled": [],
        "over_cap": [],
        "after_refusal": [],
        "without_state": [],
        "unsure": [],
    }


def test_the_months_numbers_make_sense(months: list[tuple[int, bytes, bytes]]) -> None:
    report = the_report(months)

    assert report["days"] == 20
    assert report["lists"] == 5 * 20
    assert report["longest_list"] <= 50
    assert 3_500 < report["mailed"] < 4_700
    assert 0.07 < report["bounced"] / report["mailed"] < 0.11
    assert report["listed"] >= report["called"] >= report["reached"] > report["appointments"] > 0
    assert report["clicked_machine"] > 0
    assert report["clicked_human"] > report["answered"] > 0
    assert report["suppressed"] > report["bounced"]  # and some refused


def test_mail_to_one_address_twice_in_a_month_is_found_out(sandbox: Sandbox) -> None:
    for _ in range(2):
        accept(sandbox, "yamada@customer.example")

    assert MonthChecks(sandbox).faults() == ["yamada@customer.example got 2 mails in a month"]


def test_mail_after_a_refusal_is_found_out(sandbox: Sandbox) -> None:
    sandbox.world.truth_of("mori@customer.example").refused = sandbox.clock.now()
    sandbox.clock.move_on(timedelta(minutes=1))

    accept(sandbox, "mori@customer.example")

    assert MonthChecks(sandbox).faults() == [
        "mori@customer.example was mailed after refusing or bouncing"
    ]


def test_what_the_stand_ins_refused_is_found_out(sandbox: Sandbox) -> None:
    sandbox.workspace.refused.append(("chat.update", "invalid_blocks"))
    sandbox.hook.posts.append((401, 10))

    assert MonthChecks(sandbox).faults() == [
        "Slack refused chat.update: invalid_blocks",
        "the webhook answered 401",
    ]


def test_people_react_the_same_in_whatever_order_their_mail_comes() -> None:
    with Sandbox(seed=1) as one, Sandbox(seed=1) as other:
        contacts = [contact for contact in one.contacts if contact.email][:200]
        for contact in contacts:
            one.world.receive(a_mail(one, contact.email, number=contact.number))
        for contact in reversed(contacts):
            other.world.receive(a_mail(other, contact.email, number=contact.number))

        assert happenings(one) == happenings(other)
        assert one.world.truth == other.world.truth


def test_the_clock_stands_still_until_it_is_moved_and_never_goes_back() -> None:
    clock = SimulatedClock()

    before = clock.now()
    clock.move_to(before - timedelta(days=1))

    assert clock.now() == before == START


@pytest.mark.parametrize(
    ("now", "morning"),
    [
        ((6, 1, 7, 0), (6, 1, 8, 30)),
        ((6, 1, 8, 30), (6, 2, 8, 30)),
        ((6, 5, 12, 0), (6, 8, 8, 30)),  # over a weekend
        ((7, 17, 9, 0), (7, 21, 8, 30)),  # over a weekend and Marine Day
    ],
)
def test_next_day_is_the_next_working_morning(
    sandbox: Sandbox, now: tuple[int, ...], morning: tuple[int, ...]
) -> None:
    sandbox.clock.move_to(at(now))

    assert sandbox.passing.next_morning() == at(morning)


def at(parts: tuple[int, ...]) -> datetime:
    month, day, hour, minute = parts
    return datetime(2026, month, day, hour, minute, tzinfo=TOKYO)


def accept(sandbox: Sandbox, address: str) -> None:
    sandbox.sendgrid.mails.append(a_mail(sandbox, address, len(sandbox.sendgrid.mails)))


def a_mail(sandbox: Sandbox, address: str, number: int) -> Mail:
    html = "".join(f'<a href="https://seller.example/{name}">x</a>' for name in "abc")
    request = {"subject": "x", "content": [{"type": "text/html", "value": html}]}
    return Mail(number, address, request, {}, f"request-{number}", sandbox.clock.now())


def happenings(sandbox: Sandbox) -> set[tuple[str, str, int, str]]:
    return {
        (event["email"], event["event"], event["timestamp"], event.get("url", ""))
        for _, _, event in sandbox.hook._waiting
    }
