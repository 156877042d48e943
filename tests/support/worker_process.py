"""A worker as it is deployed: a process of its own, beside others of its group."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.house import Service

PATIENCE_SECONDS = 30


class WorkerProcesses:
    """Workers of one service that come, leave and die; `log` is what they say."""

    def __init__(self, service: Service, log: Path):
        self._service, self._log = service, log
        self.running: list[subprocess.Popen[bytes]] = []

    def come(self) -> None:
        command = [sys.executable, "-m", f"services.{self._service.name}.worker"]
        kafka = {name.upper(): str(value) for name, value in self._service.servers.kafka(self._service.name).items()}
        environment = {
            "PATH": os.environ["PATH"],
            "DATABASE_URL": self._service.urls.worker,
            "CONSUMER_GROUP_SUFFIX": self._service.group_suffix,
            **kafka,
            **self._service.issuer.settings,
        }
        with self._log.open("ab") as written:
            self.running.append(subprocess.Popen(command, env=environment, stdout=written, stderr=written))

    def kill(self, number: int) -> None:
        worker = self.running.pop(number)
        worker.kill()
        worker.wait()

    def leave(self, number: int) -> None:
        """As at a deployment."""
        worker = self.running.pop(number)
        worker.terminate()
        worker.wait(PATIENCE_SECONDS)


@contextmanager
def worker_processes(service: Service, log: Path, count: int) -> Iterator[WorkerProcesses]:
    workers = WorkerProcesses(service, log)
    try:
        for _ in range(count):
            workers.come()
        yield workers
    finally:
        while workers.running:
            workers.kill(0)
