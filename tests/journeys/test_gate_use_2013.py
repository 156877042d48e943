"""The year of 16 airlines as a newcomer runs it, on the whole stack: every figure to the cent."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from infra.local import databases, state
from infra.local.services import SERVICES
from tests.support import gate_use_results
from tests.support.operating import operate

QUITTANCE = [sys.executable, "-m", "infra.local.cli"]

pytestmark = pytest.mark.timeout(700)


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Any:
    """Where its files are, and what still runs."""
    home, out = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("out")
    broker = pytestconfig.getoption("broker")
    environment = os.environ | {"QUITTANCE_HOME": str(home), "QUITTANCE_BROKER": broker, "PYTHONPATH": os.getcwd()}
    try:
        command = [*QUITTANCE, "demo", "gate-use-2013", "--out", str(out), "--keep"]
        run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
        assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
        yield out, state.running(home / "demo")
    finally:
        down = {**environment, "QUITTANCE_HOME": str(home / "demo")}
        subprocess.run([*QUITTANCE, "down"], env=down, capture_output=True, check=True)


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
    stack: state.State = year[1]
    verified = operate(service, databases.urls(stack.postgres, service, service).worker, "verify")
    assert (verified.returncode, verified.stderr) == (0, ""), verified.stdout
    assert "equal" in verified.stdout
