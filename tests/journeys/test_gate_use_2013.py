"""The year of 16 airlines on the whole stack, while processes of ours are killed: every figure to the cent."""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from infra.local import databases, state
from infra.local.services import SERVICES
from tests.support import gate_use
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


def rows(out: Path, name: str) -> list[dict[str, str]]:
    with (out / name).open(newline="") as file:
        return list(csv.DictReader(file))


pytestmark = pytest.mark.timeout(700)


def test_processes_were_killed(year: Any) -> None:
    assert len(year[1]) >= 5


def test_every_line_is_what_the_flights_come_to(year: Any) -> None:
    found: dict[tuple[str, str], gate_use.Lines] = defaultdict(dict)
    for row in rows(year[0], "lines.csv"):
        amount = int(row["amount_minor"])
        if amount:
            line = (int(Decimal(row["quantity"])), amount)
            found[row["customer"], row["issued_on"]][row["charge"], row["group"]] = line
    assert dict(found) == gate_use.invoices()


def test_every_invoice_adds_up_and_numbers_have_no_gap(year: Any) -> None:
    expected, invoices = gate_use.invoices(), rows(year[0], "invoices.csv")
    for row in invoices:
        amounts = tuple(int(row[name]) for name in ("subtotal_minor", "tax_minor", "total_minor"))
        assert amounts == gate_use.totals(expected[row["customer"], row["issued_on"]])
    numbers = sorted(int(row["number"].rpartition("-")[2]) for row in invoices)
    assert numbers == list(range(1, 210))
    assert [row["customer"] for row in invoices if row["status"] != "paid"] == ["F9"]


def test_who_was_suspended_and_when(year: Any) -> None:
    holds = {(r["customer"], r["hold"], r["placed_at"], r["removed_at"]) for r in rows(year[0], "suspensions.csv")}
    assert holds == {
        ("VX", "dunning", "2013-07-07T04:00:00Z", "2013-07-25T16:00:00Z"),
        ("F9", "expiry", "2014-01-15T05:00:00Z", "2014-01-20T17:00:00Z"),
        ("OO", "expiry", "2014-01-15T05:00:00Z", ""),
    }


def test_renewals_and_their_metrics(year: Any) -> None:
    states = {
        row["customer"]: (row["state"], row["decided_on"], int(row["booked_minor"]))
        for row in rows(year[0], "opportunities.csv")
    }
    odd = {
        "F9": ("won", "2014-01-20", 1872000),
        "OO": ("lost", "2014-01-15", 0),
        "US": ("superseded", "2013-12-15", 0),
        "FL": ("superseded", "2013-12-15", 0),
    }
    assert states == {airline: odd.get(airline, ("won", "2013-12-10", 1872000)) for airline in gate_use.AIRLINES}
    assert json.loads((year[0] / "metrics.json").read_text()) == {
        "due_count": 14,
        "due_base_minor": 25200000,
        "resolved_count": 14,
        "won_count": 13,
        "on_time_count": 12,
        "lost_count": 1,
        "lost_base_minor": 1800000,
        "superseded_count": 2,
        "gross_renewal_rate": "0.9286",
        "net_conversion": "1.0400",
    }


def test_every_event_was_metered_once(year: Any) -> None:
    statement = json.loads((year[0] / "usage.json").read_text())
    assert statement["metered"] == 336776
    assert statement["received"] == statement["metered"] + statement["repeated"]
    assert (statement["rejected"], statement["unmatched"], statement["pending"]) == (0, 0, 0)


@pytest.mark.parametrize("service", SERVICES)
def test_the_read_models_of_the_year_are_those_that_its_events_make(year: Any, service: str) -> None:
    stack: state.State = year[2]
    environment = {
        "DATABASE_URL": databases.urls(stack.postgres, service, service).worker,
        "KAFKA_BOOTSTRAP_SERVERS": stack.kafka,
        "AUTH_ISSUER": "nobody",
        "AUTH_JWKS_URL": "file:///nowhere",
    }
    verified = operate(service, environment, "verify")
    assert (verified.returncode, verified.stderr) == (0, ""), verified.stdout
    assert "equal" in verified.stdout
