"""What the runner writes down (`state.json`, 0600), so that other commands find, use and end what it started."""

from __future__ import annotations

import fcntl
import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import psutil

from infra.local.children import write_secret


class AlreadyRunning(Exception):
    """Two runners on the same data would ruin each other's work."""

    def __init__(self, home: Path) -> None:
        super().__init__(f"it is running already (in {home}): see `quittance status`, end it with `quittance down`")


@dataclass(frozen=True, slots=True)
class Mark:
    """A process beyond doubt: numbers are given out again, but not with the same start."""

    name: str
    pid: int
    started_at: float

    @classmethod
    def of(cls, name: str, pid: int) -> Mark | None:
        try:
            return cls(name, pid, psutil.Process(pid).create_time())
        except psutil.Error:
            return None

    def is_running(self) -> bool:
        return self._process() is not None

    def signal(self, number: signal.Signals) -> None:
        if process := self._process():
            process.send_signal(number)

    def wait(self, timeout_seconds: float) -> bool:
        """Whether it is gone in time."""
        process = self._process()
        return process is None or not psutil.wait_procs([process], timeout_seconds)[1]

    def _process(self) -> psutil.Process | None:
        try:
            process = psutil.Process(self.pid)
            same = process.create_time() == self.started_at and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return None
        return process if same else None


@dataclass(frozen=True, slots=True)
class State:
    """`services` are base URLs by name; `postgres` is the superuser's URL; `is_ready` once all of it is."""

    runner: Mark
    is_ready: bool
    children: tuple[Mark, ...]
    services: dict[str, str]
    postgres: str
    kafka: str

    def write(self, home: Path) -> None:
        write_secret(_file(home), msgspec.json.format(msgspec.json.encode(self)).decode())


def read(home: Path) -> State | None:
    """What the last runner wrote, whether it still runs or not."""
    try:
        return msgspec.json.decode(_file(home).read_bytes(), type=State)
    except (FileNotFoundError, msgspec.ValidationError):
        return None


def running(home: Path) -> State | None:
    """What runs now."""
    state = read(home)
    return state if state and state.runner.is_running() else None


def forget(home: Path) -> None:
    _file(home).unlink(missing_ok=True)


def end_all(children: Sequence[Mark]) -> None:
    """Ends what a runner that was killed left behind; PostgreSQL last, as the others use it."""
    databases = [child for child in children if child.name == "postgres"]
    _end([child for child in children if child not in databases], signal.SIGTERM, patience_seconds=3)
    _end(databases, signal.SIGINT, patience_seconds=15)  # for PostgreSQL that is "fast", SIGTERM waits for clients


def _end(children: Sequence[Mark], first: signal.Signals, patience_seconds: float) -> None:
    for child in children:
        child.signal(first)
    give_up_at = time.monotonic() + patience_seconds
    for child in children:
        if not child.wait(max(0.0, give_up_at - time.monotonic())):
            child.signal(signal.SIGKILL)
            child.wait(patience_seconds)


@contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Raises AlreadyRunning while another process holds this; the system lets go when its holder dies."""
    home.mkdir(parents=True, exist_ok=True)
    handle = os.open(home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise AlreadyRunning(home) from None
    else:
        yield
    finally:
        os.close(handle)


def _file(home: Path) -> Path:
    return home / "state.json"
