"""One PostgreSQL and one broker for each process of a test run: pytest-xdist splits it over some."""

from __future__ import annotations

import shutil
import signal
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest

from infra.local.apache_kafka import ApacheKafka
from infra.local.broker import Broker
from infra.local.postgres import Postgres
from infra.local.topics import create_topics, on_a_small_cluster, read_topics


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the test servers are: `admin_url` of PostgreSQL's superuser, `bootstrap_servers` of the broker.
    `passwords` by service, where the broker wants to know who asks."""

    admin_url: str
    bootstrap_servers: str
    kafka_profile: str = "local"
    passwords: dict[str, str] = field(default_factory=dict)

    def kafka(self, service: str) -> dict[str, Any]:
        """The settings with which a service reaches the broker."""
        where = {"kafka_bootstrap_servers": self.bootstrap_servers, "kafka_profile": self.kafka_profile}
        if not self.passwords:
            return where
        who = {"kafka_sasl_username": service, "kafka_sasl_password": self.passwords[service]}
        return where | who | {"kafka_security_protocol": "SASL_PLAINTEXT"}


def create_product_topics(broker: Broker | ApacheKafka) -> None:
    """As in production where it is Apache Kafka, but for the number of copies: there is one broker."""
    if isinstance(broker, Broker):
        create_topics(broker.bootstrap_servers, read_topics())
        return
    topics = [on_a_small_cluster(topic, 1) for topic in read_topics()]
    create_topics(broker.bootstrap_servers, topics, production=True, access=broker.administrator)


@dataclass
class SharedServers:
    """A plugin of the one process that starts the servers: at the first question, or before a worker of xdist. Each has
    its own: what the tests of one tell the broker is not heard by those of another."""

    kind: str = "local"  # or "apache"
    homes: list[Path] = field(default_factory=list)
    started: list[Postgres | Broker | ApacheKafka] = field(default_factory=list)
    own: Servers | None = None

    def ready(self) -> Servers:
        if self.own is None:
            self.own = self._start()
        return self.own

    def _start(self) -> Servers:
        home = Path(tempfile.mkdtemp(prefix="quittance-tests-"))
        home.chmod(0o711)  # the server's own user passes through
        self.homes.append(home)
        postgres = Postgres(home / "postgres", home / "postgres.log", durable=False)
        broker = self._broker(home)
        for server in (postgres, broker):
            self.started.append(server)
            server.start()
        create_product_topics(broker)
        return Servers(postgres.admin_url, broker.bootstrap_servers, self.kind)

    def _broker(self, home: Path) -> Broker | ApacheKafka:
        log = home / "kafka.log"
        return ApacheKafka(home / "kafka", log) if self.kind == "apache" else Broker(log)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        node.workerinput["servers"] = asdict(self._start())

    def pytest_unconfigure(self) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the end is near anyway, and has to be reached
        for server in self.started:
            server.stop()
            if isinstance(server, Postgres):
                server.remove()
        for home in self.homes:
            shutil.rmtree(home)
