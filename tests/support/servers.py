"""One PostgreSQL and one broker for a whole test run, also when pytest-xdist splits it over processes."""

from __future__ import annotations

import shutil
import signal
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest

from infra.local.broker import Broker
from infra.local.postgres import Postgres
from infra.local.topics import create_topics, read_topics


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the test servers are: `admin_url` of PostgreSQL's superuser, `bootstrap_servers` of the broker."""

    admin_url: str
    bootstrap_servers: str


@dataclass
class SharedServers:
    """A plugin of the one process that starts the servers: at the first question, or before xdist's first worker."""

    home: Path | None = None
    started: list[Postgres | Broker] = field(default_factory=list)
    addresses: Servers | None = None

    def ready(self) -> Servers:
        if self.addresses is None:
            self.home = Path(tempfile.mkdtemp(prefix="quittance-tests-"))
            self.home.chmod(0o711)  # the server's own user passes through
            postgres = Postgres(self.home / "postgres", self.home / "postgres.log", durable=False)
            broker = Broker(self.home / "kafka.log")
            self.started = [postgres, broker]
            for server in self.started:
                server.start()
            create_topics(broker.bootstrap_servers, read_topics())
            self.addresses = Servers(postgres.admin_url, broker.bootstrap_servers)
        return self.addresses

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        node.workerinput["servers"] = asdict(self.ready())

    def pytest_unconfigure(self) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the end is near anyway, and has to be reached
        for server in self.started:
            server.stop()
            if isinstance(server, Postgres):
                server.remove()
        if self.home:
            shutil.rmtree(self.home)
