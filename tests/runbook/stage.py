"""The whole product on this machine, things that go wrong in it, and the runbook's commands."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2

from infra.local import access, state
from infra.local.postgres_binaries import find_binaries
from infra.local.processes import ROOT
from tests.support.waiting import eventually

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
QUITTANCE = [sys.executable, "-m", "infra.local.cli"]


def sections() -> dict[str, list[str]]:
    """The commands of each incident, block by block."""
    parts = re.split(r"^## (.+)$", RUNBOOK, flags=re.MULTILINE)[1:]
    return {
        title: re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
        for title, text in zip(parts[::2], parts[1::2], strict=True)
    }


@dataclass
class Stage:
    """The stack in `home`, seen by an operator of the tenant `demo`."""

    home: Path

    @property
    def environment(self) -> dict[str, str]:
        """As `eval "$(quittance environment)"` leaves it, with the programs of this checkout in the path."""
        path = os.pathsep.join([str(Path(sys.executable).parent), str(find_binaries()), os.environ["PATH"]])
        plain = {"HOME": str(self.home), "PATH": path, "PYTHONPATH": str(ROOT), "QUITTANCE_HOME": str(self.home)}
        return plain | access.environment(self.home)

    def run(self, block: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Exactly as it stands in the text, from the checkout."""
        command = ["bash", "-euo", "pipefail", "-c", block]
        environment = self.environment | more
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)

    def done(self, block: str, **more: str) -> str:
        ran = self.run(block, **more)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def over(self, block: str) -> None:
        """What says that it is over becomes true, and soon."""
        last: list[str] = []

        def is_over() -> bool:
            ran = self.run(block)
            last[:] = [ran.stdout + ran.stderr]
            return ran.returncode == 0

        try:
            eventually(is_over, seconds=60)
        except AssertionError as error:
            raise AssertionError(last[0]) from error

    def findings(self) -> dict[tuple[str, str], str]:
        """What the doctor does not like, by check and subject."""
        told = json.loads(self.run("quittance doctor --json").stdout)
        return {(each["check"], each["subject"]): each["said"] for each in told["findings"] if each["verdict"] != "ok"}

    def child(self, name: str) -> state.Mark:
        running = state.running(self.home)
        assert running
        return next(child for child in running.children if child.name == name)

    def kill(self, name: str) -> None:
        """The runner starts it again, as a platform would."""
        dead = self.child(name)
        dead.signal(signal.SIGKILL)
        eventually(lambda: self.child(name).pid != dead.pid)

    @contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """A process that is there and does nothing."""
        child = self.child(name)
        child.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            child.signal(signal.SIGCONT)

    def ask(self, method: str, service: str, path: str, body: Any = None, token: str = "") -> httpx2.Response:
        environment = self.environment
        headers = {
            "Authorization": f"Bearer {token or environment['TOKEN']}",
            "Idempotency-Key": uuid4().hex,
            "Content-Type": "application/json",
        }
        url = environment[f"{service.upper()}_URL"] + path
        return httpx2.request(method, url, content=json.dumps(body or {}), headers=headers, timeout=20)

    def customer(self, key: str) -> int:
        form = {"name": key, "zone": "Europe/Berlin", "currency": "EUR"}
        return self.ask("PUT", "billing", f"/v1/customers/{key}", form).status_code


@contextmanager
def running(home: Path) -> Iterator[Stage]:
    environment = os.environ | {"QUITTANCE_HOME": str(home), "PYTHONPATH": str(ROOT)}
    try:
        subprocess.run([*QUITTANCE, "up", "--detach"], check=True, capture_output=True, env=environment)
        yield Stage(home)
    finally:
        subprocess.run([*QUITTANCE, "reset"], check=True, capture_output=True, env=environment)
