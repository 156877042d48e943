"""The year as `make demo` runs it, once for all that look at what it left, or tell it anew as another tenant."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.local import state

QUITTANCE = [sys.executable, "-m", "infra.local.cli"]
EXAMPLE = Path("examples/gate-use-2013")
TENANT = json.loads((EXAMPLE / "contract.json").read_text())["tenant"]


@dataclass(frozen=True, slots=True)
class Year:
    """Where its files are, and what still runs."""

    out: Path
    home: Path

    @property
    def stack(self) -> state.State:
        running = state.running(self.home)
        assert running is not None
        return running

    @property
    def environment(self) -> dict[str, str]:
        """For a driver of its own against the same services."""
        path = os.pathsep.join([os.getcwd(), str(EXAMPLE.absolute())])
        return os.environ | {"QUITTANCE_HOME": str(self.home), "PYTHONPATH": path}

    def token(self, tenant: str) -> str:
        command = [*QUITTANCE, "token", "--tenant", tenant]
        made = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=True)
        return made.stdout.strip()


@pytest.fixture(scope="package")
def year(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Year]:
    home, out = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("out")
    broker = pytestconfig.getoption("broker")
    environment = os.environ | {"QUITTANCE_HOME": str(home), "QUITTANCE_BROKER": broker, "PYTHONPATH": os.getcwd()}
    try:
        command = [*QUITTANCE, "demo", "gate-use-2013", "--out", str(out), "--keep"]
        run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
        assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
        yield Year(out, home / "demo")
    finally:
        down = {**environment, "QUITTANCE_HOME": str(home / "demo")}
        subprocess.run([*QUITTANCE, "down"], env=down, capture_output=True, check=True)
