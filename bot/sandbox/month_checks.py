"""What must hold in a month, checked against what the stand-ins have seen.

Not against the bot's own records: the stand-in for SendGrid knows whom it was given, the world
knows who really clicked or refused, and the stand-in for Slack knows what was posted.
"""

from collections import Counter

from bot.desk import person_in_slack, todays_page
from bot.sandbox.company import PEOPLE
from bot.sandbox.root import Sandbox
from bot.sandbox.slack_state import Person
from bot.sandbox.wall_time import local_day
from bot.services.slack import ts_to_time
from bot.views.daily_list import ListPage, Row
from models.enums import Section


class MonthChecks:
    """Looks at every morning's lists, and at the end at everything else."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.longest = 0
        self._found: list[str] = []

    def look_at_lists(self) -> None:
        """Each person has exactly one list today, within capacity, with nobody wrong on it."""
        for person in PEOPLE:
            posted = self._posted_today(person)
            if posted != 1:
                self._found.append(f"{posted} lists for {person.name} on {self._today()}")
            page = self._page(person)
            if page is None:
                self._found.append(f"no stored list for {person.name} on {self._today()}")
                continue
            self.longest = max(self.longest, len(page.rows))
            if len(page.rows) > self.sandbox.config.list_capacity:
                self._found.append(f"{len(page.rows)} places for {person.name} on {self._today()}")
            for row in page.rows:
                self._look_at_row(row)

    def faults(self) -> list[str]:
        """Everything that should not have happened, as sentences."""
        return [*self._found, *self._mailed_twice(), *self._mailed_after_no(), *self._broken()]

    def _look_at_row(self, row: Row) -> None:
        world, now = self.sandbox.world, self.sandbox.clock.now()
        if row.phone in world.never_call:
            self._found.append(f"{row.name} is listed after asking never to be called")
        reacted = any(at <= now for at in world.truth_of(row.email).human) if row.email else False
        if row.section is Section.FIRST and not reacted and row.phone not in world.interested:
            self._found.append(f'{row.name} is under "call first" without a human reaction')

    def _mailed_twice(self) -> list[str]:
        months = Counter(
            (mail.to.lower(), local_day(mail.accepted_at).replace(day=1))
            for mail in self.sandbox.sendgrid.mails
        )
        twice = [(who, count) for (who, _), count in months.items() if count > 1]
        return [f"{who} got {count} mails in a month" for who, count in twice]

    def _mailed_after_no(self) -> list[str]:
        found = []
        for mail in self.sandbox.sendgrid.mails:
            truth = self.sandbox.world.truth_of(mail.to)
            if any(at and at < mail.accepted_at for at in (truth.refused, truth.bounced)):
                found.append(f"{mail.to} was mailed after refusing or bouncing")
        return found

    def _broken(self) -> list[str]:
        """What the stand-ins refused, and what the bot refused or failed at."""
        sandbox = self.sandbox
        statuses = {status for status, _ in sandbox.hook.posts} - {200}
        return [
            *(f"Slack refused {method}: {error}" for method, error in sandbox.workspace.refused),
            *sandbox.workspace.faults,
            *(f"SendGrid refused: {error['message']}" for error in sandbox.sendgrid.refused),
            *(f"the webhook answered {status}" for status in sorted(statuses)),
            *sandbox.errands.failed,
            *sandbox.later.faults,
        ]

    def _page(self, person: Person) -> ListPage | None:
        sandbox = self.sandbox
        with sandbox.database.reading() as session:
            known = person_in_slack(session, person.id)
            return todays_page(session, known, sandbox.config, sandbox.clock.now())

    def _posted_today(self, person: Person) -> int:
        messages = self.sandbox.workspace.messages[person.dm]
        return sum(
            bool(one.metadata) and local_day(ts_to_time(one.ts)) == self._today()
            for one in messages
        )

    def _today(self) -> object:
        return self.sandbox.clock.local().date()
