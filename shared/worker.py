"""The background process of a service: its loops, each in a thread, until it is told to stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FrameType

from shared.logs import logger
from shared.metrics import LOOP_FAILURES

Step = Callable[[], int]


@dataclass(frozen=True, slots=True)
class Loop:
    """`step` says how much it did; after nothing it rests for `idle_seconds`, after a failure it backs off."""

    name: str
    step: Step
    idle_seconds: float


@dataclass(slots=True)
class Worker:
    service: str
    loops: Sequence[Loop]
    stopping: threading.Event
    failure: BaseException | None = None

    def run(self) -> None:
        """Returns after SIGTERM or SIGINT, or raises what a loop could not go on after."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        threads = [threading.Thread(target=self._turn, args=(loop,), name=loop.name) for loop in self.loops]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self.failure is not None:
            raise self.failure

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping.set()

    def _turn(self, loop: Loop) -> None:
        failures = 0
        while not self.stopping.is_set():
            try:
                worked = loop.step()
                failures = 0
                if not worked:
                    self.stopping.wait(loop.idle_seconds)
            except SystemExit as error:
                self.failure = error
                self.stopping.set()
            except Exception as error:
                failures += 1
                LOOP_FAILURES.labels(self.service, loop.name).inc()
                logger().warning("a loop failed", loop=loop.name, failures=failures, error=repr(error))
                self.stopping.wait(min(5.0, 0.05 * 2**failures))
