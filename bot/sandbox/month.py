"""`callfirst demo --month`: twenty working days without a browser, and the proof beside them."""

from datetime import datetime, time
from random import Random
from typing import Any

from bot.sandbox.callers import Callers
from bot.sandbox.clock import TOKYO
from bot.sandbox.company import PEOPLE
from bot.sandbox.mailing_day import send_sample_mail
from bot.sandbox.month_checks import MonthChecks
from bot.sandbox.month_report import month_report
from bot.sandbox.morning import take_in_company
from bot.sandbox.passing import HEADLESS
from bot.sandbox.root import Sandbox

DAYS = 20
MAIL_DAY = 3  # so that some have refused before the mail goes out
CALLING = time(9, 40)
CALLS = (3, 4, 5)  # of one person a day: as many as ten seconds for a month allow


def run_month(seed: int) -> tuple[dict[str, Any], list[str]]:
    """The report of design's `demo --month`, and every fault the stand-ins have seen."""
    with Sandbox(seed, near=True) as sandbox:
        sandbox.passing.pace, sandbox.slack_api.thorough = HEADLESS, False
        sandbox.start()
        take_in_company(sandbox)
        callers, checks = Callers(sandbox), MonthChecks(sandbox)
        for number in range(1, DAYS + 1):
            sandbox.passing.advance(sandbox.passing.next_morning())
            checks.look_at_lists()
            if number == MAIL_DAY:
                send_sample_mail(sandbox)
            _work(sandbox, callers, number)
        sandbox.passing.advance(_evening(sandbox))
        faults = checks.faults() + callers.failed
        return month_report(sandbox, DAYS, checks.longest, ok=not faults), faults


def _work(sandbox: Sandbox, callers: Callers, number: int) -> None:
    sandbox.passing.advance(datetime.combine(sandbox.clock.local().date(), CALLING, TOKYO))
    for person in PEOPLE:
        chance = Random(f"{sandbox.seed} calls of day {number} {person.id}")
        callers.call(person, chance.choice(CALLS))


def _evening(sandbox: Sandbox) -> datetime:
    return datetime.combine(sandbox.clock.local().date(), time(18, 0), TOKYO)
