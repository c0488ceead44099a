"""Work the bot does after its answer has left, in order, with a way to wait for it."""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

log = logging.getLogger(__name__)
WAIT_SECONDS = 20


class Later:
    """What `Parts.later` holds. One worker, so that a seed repeats a month exactly."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="later")
        self._waiting: list[Future[object]] = []
        self.faults: list[str] = []

    def __call__(self, work: Callable[[], object]) -> None:
        self._waiting.append(self._executor.submit(work))

    def wait(self) -> None:
        """Until all that was handed in is done; a fault is logged and kept."""
        while self._waiting:
            done = self._waiting.pop(0)
            error = done.exception(timeout=WAIT_SECONDS)
            if error is not None:
                self.faults.append(f"{type(error).__name__}: {error}")
                log.error("work after an answer failed", exc_info=error)

    def stop(self) -> None:
        self._executor.shutdown(wait=True)
