"""The simulated clock: it stands still until somebody moves it."""

import threading
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

TOKYO = ZoneInfo("Asia/Tokyo")
# June has no public holiday in Japan, and 1 June 2026 is a Monday: twenty working days in one
# calendar month without a gap.
START = datetime(2026, 6, 1, 7, 0, tzinfo=TOKYO)


class SimulatedClock:
    """`now` is what `Parts.now` holds; only `move_to` and `move_on` change it, never backwards."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start.astimezone(UTC)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The simulated moment, aware, in UTC."""
        with self._lock:
            return self._now

    def move_to(self, when: datetime) -> None:
        """Go to a moment; one that has passed already changes nothing."""
        with self._lock:
            self._now = max(self._now, when.astimezone(UTC))

    def move_on(self, span: timedelta) -> None:
        """Let some time pass."""
        with self._lock:
            self._now += max(span, timedelta(0))

    def local(self) -> datetime:
        """The moment as a wall clock in Tokyo shows it."""
        return self.now().astimezone(TOKYO)
