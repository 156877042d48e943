"""How a calm tenant fares beside one that floods: the same commands over HTTP, alone and together, of one API process."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import uvicorn

from infra.local.children import free_port
from infra.local.tokens import DevelopmentIssuer
from shared import logs
from tests.support.api_process import is_alive
from tests.support.tower.api import SCOPES, create_app
from tests.support.tower.house import Tower
from tests.support.waiting import eventually

SECONDS, CONNECTIONS = 5.0, 32

_fork = multiprocessing.get_context("fork")


def compare(tower: Tower) -> tuple[list[float], list[float], float]:
    """Seconds of each command of the calm tenant alone and beside the flood, and the flood's commands a second."""
    with TemporaryDirectory() as directory:
        issuer = DevelopmentIssuer(Path(directory))
        issuer.prepare()
        calm, flooding = (issuer.token(tenant=name, scopes=SCOPES) for name in ("calm", "flooder"))
        with serving(tower, issuer) as port:
            _commands(port, calm, 1.0)
            alone = _commands(port, calm, SECONDS)
            with flood(port, flooding) as answered:
                before, beside = answered.value, _commands(port, calm, SECONDS)
                rate = (answered.value - before) / SECONDS
    return alone, beside, rate


def percentile(found: list[float], part: int) -> float:
    return statistics.quantiles(found, n=100)[part - 1] * 1000


@contextmanager
def serving(tower: Tower, issuer: DevelopmentIssuer) -> Iterator[int]:
    """A process of its own, as in production: its clients do not share its interpreter."""
    port = free_port()
    with child(_serve, tower, issuer, port):
        eventually(lambda: is_alive(port))
        yield port


def _serve(tower: Tower, issuer: DevelopmentIssuer, port: int) -> None:
    logs.configure("ERROR", "tower", "api")
    app = create_app(tower, issuer.settings, rate_limit_requests=1_000_000)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False)


@contextmanager
def flood(port: int, token: str) -> Iterator[Any]:
    """As many connections as it takes, none of which waits longer than for its answer; yields how many it got."""
    answered = _fork.Value("i", 0)
    with child(_flood, port, token, answered):
        eventually(lambda: answered.value >= CONNECTIONS)
        yield answered


def _flood(port: int, token: str, answered: Any) -> None:
    def send() -> None:
        while True:
            done = len(_commands(port, token, 0.2))
            with answered.get_lock():
                answered.value += done

    for _ in range(CONNECTIONS):
        threading.Thread(target=send, daemon=True).start()
    threading.Event().wait()


@contextmanager
def child(target: Callable[..., None], *arguments: Any) -> Iterator[None]:
    process = _fork.Process(target=target, args=arguments)
    process.start()
    try:
        yield
    finally:
        process.kill()
        process.join()


def _commands(port: int, token: str, seconds: float) -> list[float]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    took: list[float] = []
    give_up_at = time.perf_counter() + seconds
    while time.perf_counter() < give_up_at:
        began = time.perf_counter()
        path = f"/v1/bells/{uuid4()}/ring"
        connection.request("POST", path, json.dumps({}), headers | {"Idempotency-Key": uuid4().hex})
        answer = connection.getresponse()
        answer.read()
        took.append(time.perf_counter() - began)
        if answer.status != 201:
            raise SystemExit(f"a command was answered {answer.status}")
    connection.close()
    return took
