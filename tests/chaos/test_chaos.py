"""The year to the cent, while processes are killed and frozen, connections of the database cut, and answers lost."""

from __future__ import annotations

import os
import subprocess
import time
from collections import Counter
from itertools import count
from pathlib import Path
from random import Random

import psycopg
import pytest

from infra.local import databases
from infra.local.postgres import libpq
from infra.local.services import SERVICES
from tests.chaos.faults import Fault, Trouble, backends, frozen, killed, of_programs
from tests.chaos.stage import Stage, standing
from tests.support import gate_use_results
from tests.support.operating import operate

SEED = int(os.environ.get("CHAOS_SEED", "2013"))
SECONDS = float(os.environ.get("CHAOS_SECONDS", "45"))
SECONDS_BETWEEN = 1.5
SECONDS_TO_THE_END = 600
A_LITTLE = 5.0
LONGER_THAN_A_SESSION = {"local": 5.0, "apache": 18.0}

pytestmark = pytest.mark.timeout(900 + 20 * SECONDS)


def faults(stage: Stage) -> list[Fault]:
    programs, postgres, kind = stage.stack.supervisor.programs, stage.stack.postgres, stage.stack.broker_kind
    apis, workers = of_programs(programs, "-api"), of_programs(programs, "-worker", "-worker-2")
    connections, broker = backends(postgres), of_programs(programs, "kafka")
    return [
        killed(apis, "an API", 4),
        killed(workers, "a worker", 4),
        killed(connections, "a connection of the database", 1),
        killed(of_programs([postgres], "postgres"), "PostgreSQL", 1),
        # The local broker forgets everything when it ends, and with it what was accepted of usage and not yet metered.
        *([killed(broker, "the broker", 3)] if kind == "apache" else []),
        frozen(apis, "an API", 2.0, 2),
        frozen(workers, "a worker", LONGER_THAN_A_SESSION[kind], 4),
        frozen(connections, "a connection of the database", 3.0, 2),
        frozen(broker, "the broker", 5.0, 1),
    ]


def run_in_trouble(stage: Stage, out: Path, random: Random, seconds: float) -> float:
    """The year, attacked for so many seconds of it, and then left to come to its end; how long it was in trouble."""
    year, began = stage.run_the_year(out), time.monotonic()
    trouble = Trouble(faults(stage), random, SECONDS_BETWEEN)
    trouble.start()
    stage.trouble()
    try:
        try:
            said, _ = year.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            trouble.end()
            stage.calm()
            said, _ = year.communicate(timeout=SECONDS_TO_THE_END)
    finally:
        trouble.end()
        year.kill()
    print(f"seed {SEED}, struck: {dict(Counter(trouble.struck))}, answers lost: {stage.lost}")  # noqa: T201 - shown where it fails
    assert year.returncode == 0, said[-3000:]
    assert trouble.struck
    return trouble.ended_at - began


def test_the_year_survives_everything(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    random, left = Random(SEED), SECONDS
    for n in count():
        with standing(tmp_path / str(n), random, pytestconfig.getoption("broker")) as stage:
            left -= run_in_trouble(stage, tmp_path / str(n) / "out", random, left)
            gate_use_results.check(tmp_path / str(n) / "out")
            for service in SERVICES:
                verify(stage, service)
        if left < A_LITTLE:
            return


def verify(stage: Stage, service: str) -> None:
    """Read models are what the events make, nothing waits to be sent, and nobody has to decide anything."""
    worker = databases.urls(stage.stack.postgres.admin_url, service, service).worker
    verified = operate(service, worker, "verify")
    assert (verified.returncode, verified.stderr) == (0, ""), verified.stdout
    with psycopg.connect(libpq(worker)) as connection:
        for queue in ("outbox", "parked_messages"):
            assert connection.execute(f"SELECT * FROM {queue}").fetchall() == [], queue
