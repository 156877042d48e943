"""Keeps the databases that this version leaves, for later ones to upgrade: `python -m tests.upgrade.capture 0.2.0`.

Run it on the commit of the release, before its tag. What was captured once is never captured again.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from infra.local import access, runner
from infra.local.postgres import libpq
from infra.local.services import SERVICES
from infra.local.state import State
from tests.support.waiting import eventually
from tests.upgrade import releases
from tests.upgrade.story import TENANT, Story, day


def capture(release: str) -> None:
    if (releases.RELEASES / release).exists():
        sys.exit(f"{release} was captured already: its databases are what they were")
    with tempfile.TemporaryDirectory(prefix="quittance-capture-") as directory:
        home = Path(directory)
        home.chmod(0o711)  # the database server's own user passes through
        try:
            stack = runner.run_in_background(home, _say)
            with access.clients(home, TENANT) as clients, _in_the_middle_of(story := Story(clients), stack):
                for service in SERVICES:
                    releases.write(release, service, _database(stack, service))
                releases.write_answers(release, story.answers())
        finally:
            runner.reset(home)


@contextmanager
def _in_the_middle_of(story: Story, stack: State) -> Iterator[None]:
    """A bill waits for usage that nobody meters, due dates lie ahead, and messages are on their way."""
    story.tell()
    with _paused(stack, ["usage"]):
        story.clients["billing"].put("/v1/test-clock", json={"now": day("2026-03-01").isoformat()}).raise_for_status()
        eventually(lambda: _rows(stack, "billing", "waiting_bills") and not _rows(stack, "billing", "outbox"))
        with _paused(stack, ["billing", "entitlement", "renewals"]):
            story.leave_unsent()
            yield


@contextmanager
def _paused(stack: State, services: list[str]) -> Iterator[None]:
    """Their workers are stopped in their tracks and not missed, as the runner only starts what has died."""
    workers = [child for child in stack.children if child.name in {f"{service}-worker" for service in services}]
    for worker in workers:
        worker.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for worker in workers:
            worker.signal(signal.SIGCONT)


def _rows(stack: State, service: str, table: str) -> int:
    with psycopg.connect(libpq(_database(stack, service))) as database:
        row = database.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    return row[0] if row else 0


def _database(stack: State, service: str) -> str:
    return f"{stack.postgres.rpartition('/')[0]}/{service}"


def _say(line: str) -> None:
    sys.stderr.write(line + os.linesep)


if __name__ == "__main__":
    capture(*sys.argv[1:])
