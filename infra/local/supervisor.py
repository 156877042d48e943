"""Keeps programs running: whatever dies is started again, sooner or later, until everything is stopped."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

FIRST_DELAY_SECONDS = 0.2
LONGEST_DELAY_SECONDS = 5.0
HEALTHY_AFTER_SECONDS = 30.0

Report = Callable[[str], None]


class Program(Protocol):
    """Something with one child: PostgreSQL, the broker, an API, a worker."""

    @property
    def name(self) -> str: ...
    @property
    def child(self) -> subprocess.Popen[bytes] | None: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...


def next_delay(last: float, lasted_seconds: float) -> float:
    """How long to wait before a restart: doubled at each, forgotten once a program lasted."""
    if lasted_seconds >= HEALTHY_AFTER_SECONDS:
        return FIRST_DELAY_SECONDS
    return min(last * 2, LONGEST_DELAY_SECONDS)


@dataclass(slots=True)
class Supervisor:
    """Watches each program with a thread of its own; `report` hears of every death and every return."""

    report: Report
    changed: Callable[[], None] = lambda: None
    programs: list[Program] = field(default_factory=list)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _telling: threading.Lock = field(default_factory=threading.Lock)
    _locks: dict[str, threading.Lock] = field(default_factory=dict)

    def start(self, program: Program) -> None:
        """Starts it, raising what its first start raises, and keeps it running from then on."""
        self._locks[program.name] = threading.Lock()
        self.programs.append(program)
        program.start()
        threading.Thread(target=self._watch, args=(program,), daemon=True, name=f"watch {program.name}").start()

    def stop(self, programs: Sequence[Program]) -> None:
        """Ends these together, and restarts nothing any more."""
        self._stopping.set()
        if programs:
            with ThreadPoolExecutor(len(programs)) as threads:
                list(threads.map(self._stop, programs))

    def is_stopping(self) -> bool:
        return self._stopping.is_set()

    def _stop(self, program: Program) -> None:
        with self._locks[program.name]:  # not while it is being restarted
            program.stop()

    def _watch(self, program: Program) -> None:
        delay = FIRST_DELAY_SECONDS / 2
        while not self.is_stopping():
            started = time.monotonic()
            status = program.child.wait() if program.child else None
            if self.is_stopping():
                return
            delay = next_delay(delay, time.monotonic() - started)
            self.report(f"{program.name} ended with {status}; it is started again in {delay:.1f} s")
            self._stopping.wait(delay)
            self._restart(program)

    def _restart(self, program: Program) -> None:
        with self._locks[program.name]:
            if self.is_stopping():
                return
            try:
                program.start()
            except Exception as error:  # the next turn finds it dead and tries again
                self.report(f"{program.name} could not be started: {error}")
        with self._telling:  # several may have come back at once, and what is told last has to be what is
            self.changed()
