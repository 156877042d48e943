"""An API as it is deployed: a process of its own, with its server in front, on a port of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from infra.local.children import free_port
from tests.support.house import Service
from tests.support.waiting import eventually


@dataclass(frozen=True, slots=True)
class ApiProcess:
    port: int
    log: Path
    child: subprocess.Popen[bytes]

    def get(self, path: str, **options: Any) -> httpx2.Response:
        return httpx2.get(f"http://127.0.0.1:{self.port}{path}", timeout=10, **options)

    def connection(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def answer_to(self, sent: bytes) -> bytes:
        """Everything that comes back until the server hangs up."""
        with self.connection() as line:
            line.sendall(sent)
            return everything(line)


def everything(line: socket.socket) -> bytes:
    parts = []
    try:
        while part := line.recv(65_536):
            parts.append(part)
    except ConnectionResetError:  # it hung up while we were still talking
        pass
    return b"".join(parts)


@contextmanager
def api_process(service: Service, log: Path, **settings: object) -> Iterator[ApiProcess]:
    """`settings` by the names that the environment has them under, in lower case."""
    port, app = free_port(), f"services.{service.name}.app:from_environment"
    command = [sys.executable, "-m", "shared.http.server", app, "--port", str(port)]
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONUNBUFFERED": "1",
        "DATABASE_URL": service.urls.api,
        "KAFKA_BOOTSTRAP_SERVERS": service.servers.bootstrap_servers,
        "KAFKA_PROFILE": "local",
        **service.issuer.settings,
        **{name.upper(): str(value) for name, value in settings.items()},
    }
    with log.open("wb") as written:
        child = subprocess.Popen(command, env=environment, stdout=written, stderr=written)
    try:
        eventually(lambda: is_alive(port))
        yield ApiProcess(port, log, child)
    finally:
        child.terminate()
        child.wait(30)


def is_alive(port: int) -> bool:
    """Whether an API of this machine answers there."""
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/livez", timeout=10).status_code == 200
    except httpx2.TransportError:
        return False
