"""The year of 16 airlines on the whole stack, while processes of ours are killed: every figure to the cent."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from infra.local import databases, state
from infra.local.services import SERVICES
from tests.support import gate_use_results
from tests.support.operating import operate

QUITTANCE = [sys.executable, "-m", "infra.local.cli"]
SECONDS_BETWEEN_KILLS = 4.0


class Killer(threading.Thread):
    """Ends one API or worker after another with SIGKILL; the runner starts them again. The seed makes it the same order."""

    def __init__(self, home: Path, seed: int):
        super().__init__(daemon=True)
        self.home, self.random, self.done = home, random.Random(seed), threading.Event()
        self.killed: list[str] = []

    def run(self) -> None:
        while not self.done.wait(SECONDS_BETWEEN_KILLS):
            running = state.running(self.home)
            if running is not None and running.is_ready:
                victims = [child for child in running.children if child.name.endswith(("-api", "-worker"))]
                victim = self.random.choice(victims)
                victim.signal(signal.SIGKILL)
                self.killed.append(victim.name)


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Any:
    home, out = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("out")
    killer = Killer(home / "demo", seed=2013)
    killer.start()
    command = [*QUITTANCE, "demo", "gate-use-2013", "--out", str(out), "--keep"]
    environment = os.environ | {"QUITTANCE_HOME": str(home), "PYTHONPATH": os.getcwd()}
    try:
        run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
        killer.done.set()
        killer.join()
        assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
        print("killed:", *killer.killed)  # noqa: T201 - shown where a test fails
        yield out, killer.killed, state.running(home / "demo")
    finally:
        killer.done.set()
        down = {**environment, "QUITTANCE_HOME": str(home / "demo")}
        subprocess.run([*QUITTANCE, "down"], env=down, capture_output=True, check=True)


pytestmark = pytest.mark.timeout(700)


def test_processes_were_killed(year: Any) -> None:
    assert len(year[1]) >= 5


def test_every_line_is_what_the_flights_come_to(year: Any) -> None:
    gate_use_results.check_lines(year[0])


def test_every_invoice_adds_up_and_numbers_have_no_gap(year: Any) -> None:
    gate_use_results.check_invoices(year[0])


def test_who_was_suspended_and_when(year: Any) -> None:
    gate_use_results.check_suspensions(year[0])


def test_renewals_and_their_metrics(year: Any) -> None:
    gate_use_results.check_renewals(year[0])


def test_every_event_was_metered_once(year: Any) -> None:
    gate_use_results.check_usage(year[0])


@pytest.mark.parametrize("service", SERVICES)
def test_the_read_models_of_the_year_are_those_that_its_events_make(year: Any, service: str) -> None:
    stack: state.State = year[2]
    verified = operate(service, databases.urls(stack.postgres, service, service).worker, "verify")
    assert (verified.returncode, verified.stderr) == (0, ""), verified.stdout
    assert "equal" in verified.stdout
