"""The background process of a service: its loops, each in a thread, until it is told to stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType

from prometheus_client import start_http_server

from shared import garbage
from shared.logs import logger
from shared.metrics import LOOP_FAILURES

Step = Callable[[], int]


@dataclass(frozen=True, slots=True)
class Loop:
    """`step` says how much it did; after nothing it rests for `idle_seconds`, after a failure it backs off.
    An eager one rests only until another loop did something, which may be work for it; one with a `rest` of its own
    rests as that does."""

    name: str
    step: Step
    idle_seconds: float
    is_eager: bool = False
    rest: Callable[[float], None] | None = None


@dataclass(slots=True)
class Worker:
    """One run of the process. `stopping` ends all loops, whoever sets it; `failure` is what a loop could not go on after."""

    service: str
    loops: Sequence[Loop]
    stopping: threading.Event
    failure: BaseException | None = None
    rests: dict[str, threading.Event] = field(default_factory=dict)

    def show_metrics(self, port: int | None) -> None:
        """For Prometheus, on loopback: a sidecar or the platform's agent reads it there."""
        if port is not None:
            start_http_server(port, addr="127.0.0.1")

    def run(self) -> None:
        """Returns after SIGTERM or SIGINT, or raises what a loop could not go on after."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        garbage.look_seldom()
        self.rests = {loop.name: threading.Event() for loop in self.loops}
        threads = [threading.Thread(target=self._turn, args=(loop,), name=loop.name) for loop in self.loops]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self.failure is not None:
            raise self.failure

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._end()

    def _end(self) -> None:
        self.stopping.set()
        self._wake_all()

    def _wake_all(self) -> None:
        """What one loop did may be work for another."""
        for loop in self.loops:
            if loop.is_eager or self.stopping.is_set():
                self.rests[loop.name].set()

    def _rest(self, loop: Loop) -> None:
        if loop.rest is not None:
            loop.rest(loop.idle_seconds)
        else:
            self.rests[loop.name].wait(loop.idle_seconds)
            self.rests[loop.name].clear()

    def _turn(self, loop: Loop) -> None:
        failures = 0
        while not self.stopping.is_set():
            try:
                worked = loop.step()
                failures = 0
                if worked:
                    self._wake_all()
                else:
                    self._rest(loop)
            except SystemExit as error:
                self.failure = error
                self._end()
            except Exception as error:
                failures += 1
                LOOP_FAILURES.labels(self.service, loop.name).inc()
                logger().warning("a loop failed", loop=loop.name, failures=failures, error=repr(error))
                self.stopping.wait(min(5.0, 0.05 * 2**failures))
