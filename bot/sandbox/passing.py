"""Time passes: the clock moves from one thing that is due to the next, and each is done."""

from collections.abc import Callable
from datetime import datetime, time, timedelta

from bot.rules.workdays import Calendar
from bot.sandbox.clock import TOKYO, SimulatedClock
from bot.sandbox.errands import Errands
from bot.sandbox.sendgrid_hook import Hook

DAY_STARTS, DAY_ENDS = time(8, 0), time(20, 0)  # at night nothing needs the schedule
PATIENCE = timedelta(minutes=5)  # SendGrid gathers events before it posts; it really takes 30 s
FIRST_LIST = time(8, 30)


class Passing:
    """`advance` moves the clock; `every` is how often the bot's schedule ticks by day."""

    def __init__(
        self,
        clock: SimulatedClock,
        hook: Hook,
        errands: Errands,
        tick: Callable[[], None],
        days: Calendar,
        every: timedelta = timedelta(minutes=10),
    ) -> None:
        self.clock, self.hook, self.errands = clock, hook, errands
        self.tick, self.days, self.every = tick, days, every

    def advance(self, target: datetime) -> None:
        """Go to a moment, doing on the way whatever falls due."""
        while self.clock.now() < target:
            self.clock.move_to(min(target, self._next_stop()))
            done = self.errands.do_due()
            told = self.hook.post_due()
            if told or not done:
                self.tick()

    def next_morning(self) -> datetime:
        """The next moment after now at which a working day's lists are due."""
        local = self.clock.local()
        day = local.date()
        if local.time() >= FIRST_LIST or not self.days.is_workday(day):
            day = self.days.add_workdays(day, 1)
        return datetime.combine(day, FIRST_LIST, TOKYO)

    def _next_stop(self) -> datetime:
        stops = [self._next_tick()]
        if event := self.hook.next_at():
            stops.append(max(event, self.clock.now()) + PATIENCE)
        if errand := self.errands.next_at():
            stops.append(errand)
        return min(stops)

    def _next_tick(self) -> datetime:
        """The next round moment of the day: every ten minutes, none at night."""
        local = self.clock.local()
        start = datetime.combine(local.date(), DAY_STARTS, TOKYO)
        if local < start:
            return start
        passed = (local - start) // self.every + 1
        following = start + passed * self.every
        if following.time() > DAY_ENDS or following.date() != local.date():
            return start + timedelta(days=1)
        return following
