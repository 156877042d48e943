"""Runs a worked example from nothing: a fresh stack with data of its own, its driver, and the end of both."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from infra.local import access, runner
from infra.local.children import write_secret
from infra.local.processes import ROOT
from infra.local.services import BrokerKind
from infra.local.supervisor import Report


class DemoFailed(Exception):
    """The example's driver found something wrong, and said what."""

    def __init__(self, example: str, status: int) -> None:
        super().__init__(f"{example} ended with status {status}")


def run_example(
    example: str, home: Path, options: Sequence[str], report: Report, *, keeps: bool, broker: BrokerKind = "local"
) -> None:
    """Runs `examples/<example>/run.py` against a stack in `home`, which is emptied first. Raises DemoFailed."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    runner.reset(home)
    try:
        runner.run_in_background(home, report, (*runner.UP, "--broker", broker))
        write_secret(home / "status.json", json.dumps(access.description(home), indent=2))
        command = (sys.executable, f"examples/{example}/run.py", "--stack", str(home / "status.json"), *options)
        environment = os.environ | {"QUITTANCE_HOME": str(home), "PYTHONPATH": str(ROOT)}
        status = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        if status != 0:
            raise DemoFailed(example, status)
    finally:
        if keeps:
            report(f"it is left running; QUITTANCE_HOME={home} quittance status | down")
        else:
            runner.stop(home)
