"""The programs of ours that the runner starts: what they are, until when they are not ready, and how they end."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from infra.local.children import end, launch

ROOT = Path(__file__).parents[2]
READY_SECONDS = 60.0
STOP_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Process:
    """A program and all that it is told. With `ready_url`, it is ready when that answers 200."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    ready_url: str | None = None


class ProcessFailed(Exception):
    """A program that should have finished well did not; the end of its log is shown."""

    def __init__(self, name: str, log: Path) -> None:
        super().__init__(f"{name} failed; the end of {log}:\n{_end_of(log)}")


class NotReady(Exception):
    """A process was started and never said that it is ready."""

    def __init__(self, process: Process, answer: str, log: Path) -> None:
        super().__init__(
            f"{process.name} is not ready after {READY_SECONDS:.0f} s: {process.ready_url} says {answer}; "
            f"the end of {log}:\n{_end_of(log)}"
        )


@dataclass(slots=True)
class Running:
    """A process that can be started again after it died."""

    process: Process
    log: Path
    child: subprocess.Popen[bytes] | None = None

    @property
    def name(self) -> str:
        return self.process.name

    def start(self) -> None:
        self.child = launch(self.process.argv, environment=self.process.environment, log=self.log, directory=ROOT)

    def stop(self) -> None:
        """SIGTERM, so that it can finish what it is doing; then it is killed."""
        if self.child:
            end(self.child, signal.SIGTERM, STOP_SECONDS)


def run_all(processes: Sequence[Process], logs: Path) -> None:
    """Runs them side by side and returns when all have ended well. Raises ProcessFailed for the first that did not."""
    running = [Running(process, logs / f"{process.name}.log") for process in processes]
    try:
        for program in running:
            program.start()
        for program in running:
            if program.child and program.child.wait() != 0:
                raise ProcessFailed(program.name, program.log)
    finally:
        for program in running:
            program.stop()


def wait_until_ready(running: Running, is_stopping: Callable[[], bool]) -> None:
    """Returns when its `ready_url` answers 200. Raises NotReady when that takes too long."""
    give_up_at = time.monotonic() + READY_SECONDS
    answer = "nothing"
    while running.process.ready_url and not is_stopping():
        try:
            response = httpx.get(running.process.ready_url, timeout=5)
        except httpx.TransportError as error:
            answer = type(error).__name__
        else:
            if response.status_code == httpx.codes.OK:
                return
            answer = f"{response.status_code} {response.text[:200]}"
        if time.monotonic() > give_up_at:
            raise NotReady(running.process, answer, running.log)
        time.sleep(0.1)


def _end_of(log: Path, lines: int = 25) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
