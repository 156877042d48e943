"""Starts the whole product in order, each part ready before the next, and ends it leaving nothing behind."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from infra.local import services, state
from infra.local.apache_kafka import ApacheKafka
from infra.local.broker import Broker
from infra.local.children import write_secret
from infra.local.databases import create_database
from infra.local.postgres import Postgres
from infra.local.processes import Process, Running, run_all, wait_until_ready
from infra.local.services import SERVICES, Addresses, BrokerKind
from infra.local.supervisor import Program, Report, Supervisor
from infra.local.tokens import DevelopmentIssuer
from infra.local.topics import create_topics, on_a_small_cluster, read_topics

Recipe = Callable[[Addresses], Sequence[Process]]


@dataclass(frozen=True, slots=True)
class Plan:
    """Which databases there are, what runs once before the start, and what runs on."""

    databases: Sequence[str] = SERVICES
    migrations: Recipe = services.migrations
    processes: Recipe = services.processes


class TopicsBroker(Broker):
    """The broker forgets its topics with everything else, so each start makes them again."""

    def start(self) -> None:
        super().start()
        create_topics(self.bootstrap_servers, read_topics())


class TopicsApacheKafka(ApacheKafka):
    """It keeps its topics; what the file has more than the last time is made at a start."""

    def start(self) -> None:
        super().start()
        create_topics(
            self.bootstrap_servers, [on_a_small_cluster(topic, 1) for topic in read_topics()], production=True
        )


@dataclass(slots=True)
class Stack:
    """Everything that runs, with its data, secrets and logs in `home`."""

    home: Path
    report: Report
    plan: Plan = field(default_factory=Plan)
    broker_kind: BrokerKind = "local"
    running: list[Running] = field(default_factory=list)
    is_ready: bool = False
    postgres: Postgres = field(init=False)
    broker: Broker | ApacheKafka = field(init=False)
    supervisor: Supervisor = field(init=False)

    def __post_init__(self) -> None:
        self.postgres = Postgres(self.home / "postgres", self.logs / "postgres.log")
        log = self.logs / "kafka.log"
        on_apache = self.broker_kind == "apache"
        self.broker = TopicsApacheKafka(self.home / "kafka", log) if on_apache else TopicsBroker(log)
        self.supervisor = Supervisor(self.report, self._write_state)

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    def start(self) -> None:
        """Returns when every process is ready. Raises what went wrong, with the end of the log that tells why."""
        self.supervisor.start(self.postgres)
        self.report(f"PostgreSQL is ready on port {self.postgres.port}")
        self.supervisor.start(self.broker)
        self.report(f"the broker is ready on port {self.broker.port}, with its topics")
        addresses = self._addresses()
        self._write_state()
        run_all(self.plan.migrations(addresses), self.logs)
        self.report("the databases are migrated")
        self._start_processes(self.plan.processes(addresses))
        self.is_ready = True
        self._write_state()

    def stop(self) -> None:
        """Our processes first, then the broker, then PostgreSQL, which has something to lose."""
        servers: list[Program] = [self.broker, self.postgres]
        self.supervisor.stop([program for program in self.supervisor.programs if program not in servers])
        for server in servers:
            self.supervisor.stop([program for program in self.supervisor.programs if program is server])
        state.forget(self.home)

    def clear(self) -> None:
        """Ends what a runner that was killed left running, and begins new logs."""
        before = state.read(self.home)
        if before:
            state.end_all(before.children)
        for log in self.logs.glob("*.log"):
            if log.name != "runner.log":
                log.unlink()

    def _start_processes(self, processes: Sequence[Process]) -> None:
        for process in processes:
            program = Running(process, self.logs / f"{process.name}.log")
            self.running.append(program)
            self.supervisor.start(program)
        self._write_state()
        for program in self.running:
            wait_until_ready(program, self.supervisor.is_stopping)
            if program.process.ready_url:
                self.report(f"{program.name} is ready on {program.process.ready_url.removesuffix('/readyz')}")

    def _addresses(self) -> Addresses:
        issuer = DevelopmentIssuer(self.home)
        issuer.prepare()
        admin_url = self.postgres.admin_url
        databases = {service: create_database(admin_url, service, service) for service in self.plan.databases}
        key = self.home / "payment-webhook-key"
        if not key.exists():
            write_secret(key, secrets.token_urlsafe(32))
        return Addresses(databases, self.broker.bootstrap_servers, issuer.settings, self.broker_kind, key.read_text())

    def _write_state(self) -> None:
        marks = [
            state.Mark.of(program.name, program.child.pid) for program in self.supervisor.programs if program.child
        ]
        runner = state.Mark.of("runner", os.getpid())
        if runner is None or self.supervisor.is_stopping():
            return
        state.State(
            runner=runner,
            is_ready=self.is_ready,
            children=tuple(mark for mark in marks if mark),
            services={
                program.name.removesuffix("-api"): program.process.ready_url.removesuffix("/readyz")
                for program in self.running
                if program.process.ready_url
            },
            postgres=self.postgres.admin_url,
            kafka=self.broker.bootstrap_servers,
        ).write(self.home)
