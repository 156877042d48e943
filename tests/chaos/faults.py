"""What may go wrong with the processes of an installation, chosen by a seed: killed and frozen, one after the other."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

import psutil

from infra.local.supervisor import Program

Processes = Callable[[], Sequence[psutil.Process]]


@dataclass(frozen=True)
class Fault:
    """Strikes one of some processes: kills it, or freezes it for up to `longest_freeze` seconds."""

    name: str
    processes: Processes
    weight: int
    longest_freeze: float | None = None


def killed(programs: Processes, name: str, weight: int = 1) -> Fault:
    return Fault(f"kill {name}", programs, weight)


def frozen(programs: Processes, name: str, seconds: float, weight: int = 1) -> Fault:
    return Fault(f"freeze {name}", programs, weight, seconds)


def of_programs(programs: Sequence[Program], *endings: str) -> Processes:
    """The children that run now, of programs whose names end so."""

    def running() -> list[psutil.Process]:
        return list(_alive(p.child.pid for p in programs if p.child and p.name.endswith(endings)))

    return running


def backends(postgres: Program) -> Processes:
    """PostgreSQL's processes that serve one connection each."""

    def running() -> list[psutil.Process]:
        servers = _alive([postgres.child.pid] if postgres.child else [])
        children = [child for server in servers for child in server.children()]
        return [child for child in children if _serves_a_connection(child)]

    return running


def _alive(pids: Iterator[int] | Sequence[int]) -> Iterator[psutil.Process]:
    for pid in pids:
        try:
            yield psutil.Process(pid)
        except psutil.NoSuchProcess:
            continue


def _serves_a_connection(process: psutil.Process) -> bool:
    try:
        return "127.0.0.1(" in " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return False


@dataclass
class Trouble(threading.Thread):
    """Strikes again and again until it is told to end; then everything that was frozen goes on."""

    faults: Sequence[Fault]
    random: Random
    seconds_between: float
    done: threading.Event = field(default_factory=threading.Event)
    struck: list[str] = field(default_factory=list)
    ended_at: float = 0.0
    _frozen: list[tuple[float, psutil.Process]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        next_strike = time.monotonic() + self.seconds_between
        while not self.done.wait(0.1):
            self._thaw(time.monotonic())
            if time.monotonic() >= next_strike:
                self._strike()
                next_strike = time.monotonic() + self.random.uniform(0.2, 2) * self.seconds_between
        self._thaw(float("inf"))
        self.ended_at = time.monotonic()

    def end(self) -> None:
        self.done.set()
        self.join()

    def _strike(self) -> None:
        (fault,) = self.random.choices(self.faults, [fault.weight for fault in self.faults])
        targets = fault.processes()
        if not targets:
            return
        target = self.random.choice(targets)
        self.struck.append(fault.name)
        if fault.longest_freeze is None:
            _send(target, signal.SIGKILL)
        else:
            _send(target, signal.SIGSTOP)
            self._frozen.append((time.monotonic() + self.random.uniform(0.3, 1) * fault.longest_freeze, target))

    def _thaw(self, now: float) -> None:
        for until, process in [entry for entry in self._frozen if entry[0] <= now]:
            self._frozen.remove((until, process))
            _send(process, signal.SIGCONT)


def _send(process: psutil.Process, number: signal.Signals) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(number)
