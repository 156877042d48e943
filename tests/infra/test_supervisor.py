"""What dies is started again; what is stopped stays stopped."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from infra.local.children import free_port
from infra.local.processes import Process, ProcessFailed, Running, run_all, wait_until_ready
from infra.local.supervisor import Supervisor, next_delay
from tests.infra.fake_services import ME, api, worker


@dataclass
class Watched:
    """A supervisor, and what it said."""

    said: list[str] = field(default_factory=list)
    restarted: threading.Event = field(default_factory=threading.Event)
    supervisor: Supervisor = field(init=False)

    def __post_init__(self) -> None:
        self.supervisor = Supervisor(self.said.append, self.restarted.set)


@pytest.fixture
def watched() -> Iterator[Watched]:
    watched = Watched()
    yield watched
    watched.supervisor.stop(watched.supervisor.programs)


def pid(program: Running) -> int:
    assert program.child
    return program.child.pid


def test_a_process_that_dies_is_started_again(watched: Watched, tmp_path: Path) -> None:
    program = Running(worker(), tmp_path / "worker.log")
    watched.supervisor.start(program)
    first = pid(program)
    os.kill(first, signal.SIGKILL)
    assert watched.restarted.wait(20)
    assert pid(program) != first
    assert watched.said == ["billing-worker ended with -9; it is started again in 0.2 s"]


def test_stopping_ends_all_and_starts_nothing_again(watched: Watched, tmp_path: Path) -> None:
    programs = [Running(worker(), tmp_path / f"{number}.log") for number in range(3)]
    for program in programs:
        watched.supervisor.start(program)
    watched.supervisor.stop(programs)
    assert all(program.child and program.child.poll() is not None for program in programs)
    assert not watched.restarted.is_set()


def test_a_process_is_ready_when_it_says_so(watched: Watched, tmp_path: Path) -> None:
    program = Running(api(free_port()), tmp_path / "api.log")
    watched.supervisor.start(program)
    wait_until_ready(program, watched.supervisor.is_stopping)


def test_restarts_get_rarer_until_a_process_has_lasted() -> None:
    delays = [0.1]
    for _ in range(7):
        delays.append(next_delay(delays[-1], lasted_seconds=1))
    assert delays[1:] == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert next_delay(5.0, lasted_seconds=30) == 0.2


def test_a_job_that_fails_shows_the_end_of_its_log(tmp_path: Path) -> None:
    broken = Process("billing-migrations", (*ME, "broken"), {})
    with pytest.raises(ProcessFailed, match="this never works: broken"):
        run_all([broken], tmp_path)
