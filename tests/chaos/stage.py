"""An installation to be attacked: two workers a service, its APIs and its broker behind proxies, and the year as its load."""

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
from infra.local.services import Addresses, BrokerKind
from infra.local.stack import Plan, Stack
from tests.chaos.proxy import Proxy

YEAR = Path("examples/gate-use-2013/run.py")
LOST_BY_APIS = 0.02
LOST_BY_THE_BROKER = 0.001


@dataclass
class Stage:
    """`stack` is what runs, `apis` and `broker` stand before it."""

    home: Path
    stack: Stack
    broker: Proxy
    apis: dict[str, Proxy] = field(default_factory=dict)

    @property
    def lost(self) -> int:
        return self.broker.lost + sum(proxy.lost for proxy in self.apis.values())

    def trouble(self) -> None:
        self.broker.loss = LOST_BY_THE_BROKER
        for proxy in self.apis.values():
            proxy.loss = LOST_BY_APIS

    def calm(self) -> None:
        for proxy in (self.broker, *self.apis.values()):
            proxy.loss = 0.0

    def describe(self) -> Path:
        """What `quittance status --json` would say, with the proxies in place of the APIs."""
        urls = {name: {"url": f"http://127.0.0.1:{proxy.port}"} for name, proxy in self.apis.items()}
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
def standing(home: Path, random: Random, broker_kind: BrokerKind) -> Iterator[Stage]:
    """Everything is ready, and nothing is left behind."""
    with ExitStack() as opened:

        def proxy(upstream: tuple[str, int]) -> Proxy:
            found = Proxy(upstream, Random(random.random()))
            found.start()
            opened.callback(found.stop)
            return found

        stack = Stack(home, lambda _: None, broker_kind=broker_kind)
        broker = proxy(("127.0.0.1", stack.broker.port))
        stack.broker.advertised_port = broker.port
        stack.plan = Plan(processes=lambda addresses: _twice(replace(addresses, bootstrap_servers=_at(broker))))
        opened.callback(stack.stop)
        stack.start()
        apis = {p.name.removesuffix("-api"): p.process.ready_url for p in stack.running if p.process.ready_url}
        yield Stage(home, stack, broker, {name: proxy(_address(url)) for name, url in apis.items()})


def _twice(addresses: Addresses) -> Sequence[Process]:
    """Each worker has a colleague, so that somebody takes over when one stands still."""
    processes = services.processes(addresses)
    workers = [process for process in processes if process.name.endswith("-worker")]
    return [*processes, *(replace(worker, name=f"{worker.name}-2") for worker in workers)]


def _at(proxy: Proxy) -> str:
    return f"127.0.0.1:{proxy.port}"


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    assert parts.hostname and parts.port
    return parts.hostname, parts.port
