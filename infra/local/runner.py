"""The program behind `quittance up`: one process that starts everything, watches it, and takes it along when it ends."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from infra.local import state
from infra.local.children import end, launch, plain_environment
from infra.local.logs import LogFollower
from infra.local.postgres import Postgres
from infra.local.processes import ROOT
from infra.local.services import BrokerKind
from infra.local.stack import Plan, Stack
from infra.local.supervisor import Report

START_SECONDS = 240.0
STOP_SECONDS = 60.0
UP = (sys.executable, "-m", "infra.local.cli", "up", "--quiet")


class DidNotStart(Exception):
    """The runner in the background ended before everything was ready."""

    def __init__(self, log: Path) -> None:
        super().__init__(f"it did not start; what it said is in {log}")


class DidNotStop(Exception):
    """The runner is still there long after it was asked to end."""

    def __init__(self, pid: int) -> None:
        super().__init__(f"the runner (process {pid}) did not end in {STOP_SECONDS:.0f} s")


def run(
    home: Path, report: Report, *, shows_logs: bool, plan: Plan | None = None, broker: BrokerKind = "local"
) -> bool:
    """Starts everything and stays until SIGTERM or Ctrl-C; says whether it was ready. Raises why it could not start."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with state.only_one(home):
        stack = Stack(home, report, plan or Plan(), broker)
        stack.clear()
        with LogFollower(stack.logs, report) if shows_logs else nullcontext():
            try:
                stack.start()
                report("everything is ready; Ctrl-C or `quittance down` ends it")
                threading.Event().wait()
            except KeyboardInterrupt:
                report("stopping")
            finally:
                for number in (signal.SIGINT, signal.SIGTERM):  # it is ending already, and has to finish that
                    signal.signal(number, signal.SIG_IGN)
                stack.stop()
    return stack.is_ready


def run_in_background(home: Path, report: Report, command: Sequence[str] = UP) -> state.State:
    """Starts a runner of its own session, passes on what it says, and returns when everything is ready."""
    with state.only_one(home):
        log = home / "logs" / "runner.log"
        log.unlink(missing_ok=True)
    environment = plain_environment() | {"QUITTANCE_HOME": str(home.absolute()), "PYTHONUNBUFFERED": "1"}
    child = launch(command, environment=environment, log=log, directory=ROOT)
    try:
        return _until_ready(home, child, log, report)
    except BaseException:  # also Ctrl-C: what is not wanted any more must not go on in the background
        end(child, signal.SIGTERM, STOP_SECONDS)
        raise


def _until_ready(home: Path, child: subprocess.Popen[bytes], log: Path, report: Report) -> state.State:
    give_up_at = time.monotonic() + START_SECONDS
    shown = 0
    while time.monotonic() < give_up_at:
        has_ended = child.poll() is not None
        lines = log.read_text().splitlines()
        for line in lines[shown:]:
            report(line)
        shown = len(lines)
        found = state.running(home)
        if found and found.is_ready:
            return found
        if has_ended:
            break
        time.sleep(0.1)
    raise DidNotStart(log)


def stop(home: Path) -> bool:
    """Ends what runs, or what a killed runner left; says whether there was anything."""
    found = state.read(home)
    if found is None:
        return False
    found.runner.signal(signal.SIGTERM)
    if not found.runner.wait(STOP_SECONDS):
        raise DidNotStop(found.runner.pid)
    state.end_all(found.children)
    state.forget(home)
    return True


def reset(home: Path) -> None:
    """Ends it and removes all data, keys and logs."""
    stop(home)
    with state.only_one(home):
        Postgres(home / "postgres", home / "logs" / "postgres.log").remove()
        for path in sorted(home.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    home.rmdir()
