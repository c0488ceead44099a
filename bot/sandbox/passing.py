"""Time passes: the clock moves from one thing that is due to the next, and each is done."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from bot.rules.workdays import Calendar
from bot.sandbox.clock import TOKYO, SimulatedClock
from bot.sandbox.errands import Errands
from bot.sandbox.sendgrid_hook import Hook

DAY_STARTS, DAY_ENDS = time(8, 0), time(20, 0)  # at night nothing needs the schedule
FIRST_LIST = time(8, 30)


@dataclass(frozen=True)
class Pace:
    """How often the schedule ticks by day, and how long SendGrid gathers events (really 30 s)."""

    tick: timedelta = timedelta(minutes=10)
    gather: timedelta = timedelta(minutes=5)


HEADLESS = Pace(tick=timedelta(hours=12), gather=timedelta(hours=2))


class Passing:
    """`advance` moves the clock and lets the bot, SendGrid and the customers do their part."""

    def __init__(
        self,
        clock: SimulatedClock,
        hook: Hook,
        errands: Errands,
        tick: Callable[[], None],
        days: Calendar,
    ) -> None:
        self.clock, self.hook, self.errands = clock, hook, errands
        self.tick, self.days, self.pace = tick, days, Pace()

    def advance(self, target: datetime) -> None:
        """Go to a moment, doing on the way whatever falls due."""
        while self.clock.now() < target:
            tick_at = self._next_tick()
            self.clock.move_to(min(target, tick_at, *self._next_happenings()))
            self.errands.do_due()
            self.hook.post_due()
            if self.clock.now() >= min(target, tick_at):
                self.tick()

    def next_morning(self) -> datetime:
        """The next moment after now at which a working day's lists are due."""
        local = self.clock.local()
        day = local.date()
        if local.time() >= FIRST_LIST or not self.days.is_workday(day):
            day = self.days.add_workdays(day, 1)
        return datetime.combine(day, FIRST_LIST, TOKYO)

    def _next_happenings(self) -> list[datetime]:
        event, errand = self.hook.next_at(), self.errands.next_at()
        posted = [max(event, self.clock.now()) + self.pace.gather] if event else []
        return [*posted, *([errand] if errand else [])]

    def _next_tick(self) -> datetime:
        """The next round moment of the day: every ten minutes, none at night."""
        local = self.clock.local()
        start = datetime.combine(local.date(), DAY_STARTS, TOKYO)
        if local < start:
            return start
        passed = (local - start) // self.pace.tick + 1
        following = start + passed * self.pace.tick
        if following.time() > DAY_ENDS or following.date() != local.date():
            return start + timedelta(days=1)
        return following
