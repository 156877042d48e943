"""An installation to be attacked: two workers a service, its APIs behind proxies, and the year as its load."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

from infra.local import services
from infra.local.processes import Process
from infra.local.services import Addresses
from infra.local.stack import Plan, Stack
from tests.chaos.proxy import Proxy

YEAR = Path("examples/gate-use-2013/run.py")
LOSS_OF_ANSWERS = 0.02


@dataclass
class Stage:
    """`stack` is what runs, `proxies` stand before its APIs, `said` is what the supervisor reported."""

    home: Path
    stack: Stack
    proxies: list[Proxy] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def calm(self) -> None:
        for proxy in self.proxies:
            proxy.loss = 0.0

    def describe(self) -> Path:
        """What `quittance status --json` would say, with the proxies in place of the APIs."""
        names = [program.name.removesuffix("-api") for program in self.stack.running if program.process.ready_url]
        urls = {
            name: {"url": f"http://127.0.0.1:{proxy.port}"} for name, proxy in zip(names, self.proxies, strict=True)
        }
        file = self.home / "status.json"
        file.write_text(json.dumps({"services": urls}))
        return file

    def run_the_year(self, out: Path) -> subprocess.Popen[str]:
        command = (sys.executable, str(YEAR), "--stack", str(self.describe()), "--out", str(out))
        environment = os.environ | {"QUITTANCE_HOME": str(self.home), "PYTHONPATH": os.getcwd()}
        return subprocess.Popen(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )


@contextmanager
def standing(home: Path, random: Random) -> Iterator[Stage]:
    """Everything is ready, and nothing is left behind."""
    said: list[str] = []
    stack = Stack(home, said.append, Plan(processes=_twice))
    with ExitStack() as opened:
        opened.callback(stack.stop)
        stack.start()
        stage = Stage(home, stack, said=said)
        for program in stack.running:
            if program.process.ready_url:
                proxy = Proxy(_address(program.process.ready_url), Random(random.random()), loss=LOSS_OF_ANSWERS)
                proxy.start()
                opened.callback(proxy.stop)
                stage.proxies.append(proxy)
        yield stage


def _twice(addresses: Addresses) -> Sequence[Process]:
    """Each worker has a colleague, so that somebody takes over when one stands still."""
    processes = services.processes(addresses)
    workers = [process for process in processes if process.name.endswith("-worker")]
    return [*processes, *(replace(worker, name=f"{worker.name}-2") for worker in workers)]


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    assert parts.hostname and parts.port
    return parts.hostname, parts.port
