"""An Apache Kafka of one node as a child of ours, on loopback: it keeps its data, and its cluster id with them."""

from __future__ import annotations

import base64
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from infra.local.broker import BrokerDidNotStart, cluster_id
from infra.local.children import end, free_port, launch, plain_environment, write_secret
from infra.local.kafka_jars import jars, java

START_SECONDS = 120.0
STOP_SECONDS = 20.0
ADMINISTRATOR = "admin"
QUIET = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
# What runs for seconds or minutes takes half of the CPU without the compiler and the collector that are best for hours.
SHORT = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", QUIET)
LONG = (QUIET,)


class FormatFailed(Exception):
    """The directory could not be made one of Apache Kafka's."""

    def __init__(self, said: str) -> None:
        super().__init__(f"Apache Kafka did not format its directory: {said}")


@dataclass(slots=True)
class ApacheKafka:
    """Its data stay in `directory`, its ports over restarts. `is_guarded`: who connects has to say who it is by
    SASL, and may do what access rules allow; the administrator may do everything. It tells clients `advertised_port`,
    where something stands before it. `options` are the Java machine's."""

    directory: Path
    log: Path
    is_guarded: bool = False
    port: int = field(default_factory=free_port)
    advertised_port: int | None = None
    controller_port: int = field(default_factory=free_port)
    name: str = "kafka"
    options: Sequence[str] = SHORT
    child: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap_servers(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Returns when it answers Kafka's protocol."""
        libraries = f"{jars()}/*"
        properties = self.directory / "server.properties"
        write_secret(properties, "".join(f"{name}={value}\n" for name, value in self._properties().items()))
        if not (self.directory / "data" / "meta.properties").is_file():
            _format(libraries, properties)
        self.child = launch(
            [java(), "-Xmx512m", *self.options, "-cp", libraries, "kafka.Kafka", str(properties)],
            environment=plain_environment(),
            log=self.log,
        )
        try:
            self._wait(self.child)
        except BaseException:  # also Ctrl-C: nothing is left behind
            self.kill()
            raise

    def stop(self) -> None:
        """It ends in order: what is in memory is written first."""
        if self.child:
            end(self.child, signal.SIGTERM, STOP_SECONDS)

    def kill(self) -> None:
        """As if the power went."""
        if self.child:
            end(self.child, signal.SIGKILL, STOP_SECONDS)

    @property
    def administrator(self) -> Mapping[str, str]:
        """How the administrator connects, in kafka-python's words."""
        if not self.is_guarded:
            return {}
        return {
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": "PLAIN",
            "sasl_plain_username": ADMINISTRATOR,
            "sasl_plain_password": self._password(),
        }

    def _password(self) -> str:
        file = self.directory / "administrator"
        if not file.is_file():
            write_secret(file, secrets.token_urlsafe(24))
        return file.read_text()

    def _wait(self, child: subprocess.Popen[bytes]) -> None:
        give_up_at = time.monotonic() + START_SECONDS
        while child.poll() is None and time.monotonic() < give_up_at:
            if _listens(self.port) and cluster_id(self.bootstrap_servers, self.administrator):
                return
            time.sleep(0.05)
        raise BrokerDidNotStart(self.log)

    def _properties(self) -> dict[str, str]:
        return {
            "process.roles": "broker,controller",
            "node.id": "1",
            "listeners": f"CLIENT://{self.bootstrap_servers},CONTROLLER://127.0.0.1:{self.controller_port}",
            "advertised.listeners": f"CLIENT://127.0.0.1:{self.advertised_port or self.port}",
            "inter.broker.listener.name": "CLIENT",
            "controller.listener.names": "CONTROLLER",
            "controller.quorum.voters": f"1@127.0.0.1:{self.controller_port}",
            "log.dirs": str(self.directory / "data"),
            "auto.create.topics.enable": "false",
            "group.initial.rebalance.delay.ms": "0",
            # After a kill it is let in again once its last session has ended.
            "broker.heartbeat.interval.ms": "500",
            "broker.session.timeout.ms": "5000",
            "offsets.topic.num.partitions": "4",
            "offsets.topic.replication.factor": "1",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
        } | (self._guard() if self.is_guarded else {"listener.security.protocol.map": _by("PLAINTEXT")})

    def _guard(self) -> dict[str, str]:
        """Services come by SCRAM, whose verifiers the broker keeps; the administrator, who makes them, by PLAIN."""
        name, password = ADMINISTRATOR, self._password()
        plain = f'{_LOGIN}.plain.PlainLoginModule required username="{name}" password="{password}" user_{name}="{password}";'
        return {
            "listener.security.protocol.map": _by("SASL_PLAINTEXT"),
            "listener.name.client.sasl.enabled.mechanisms": "SCRAM-SHA-512,PLAIN",
            "listener.name.client.scram-sha-512.sasl.jaas.config": f"{_LOGIN}.scram.ScramLoginModule required;",
            "listener.name.client.plain.sasl.jaas.config": plain,
            "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
            "listener.name.controller.plain.sasl.jaas.config": plain,
            "sasl.mechanism.inter.broker.protocol": "PLAIN",
            "sasl.mechanism.controller.protocol": "PLAIN",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": f"User:{name}",
        }


_LOGIN = "org.apache.kafka.common.security"


def _by(protocol: str) -> str:
    return f"CLIENT:{protocol},CONTROLLER:{protocol}"


def _format(libraries: str, properties: Path) -> None:
    tool = (java(), *SHORT, "-cp", libraries, "kafka.tools.StorageTool", "format")
    command = (*tool, f"--cluster-id={_new_cluster_id()}", "--config", str(properties))
    done = subprocess.run(
        command, env=plain_environment(), capture_output=True, text=True, timeout=START_SECONDS, check=False
    )
    if done.returncode != 0:
        raise FormatFailed(done.stdout + done.stderr)


def _new_cluster_id() -> str:
    return base64.urlsafe_b64encode(uuid4().bytes).decode().rstrip("=")


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
