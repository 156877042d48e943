"""HTTP clients that cost little: each connection sends its next request when the last one is answered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

import uvloop

# The requests of a connection, head and body; the last one of them ends it.
Requests = Callable[[int], Iterator[bytes]]


@dataclass
class Load:
    """What came back within `seconds`: how many answers, and how long each took."""

    seconds: float
    took: list[float] = field(default_factory=list)
    ended_at: float = 0.0

    @property
    def is_over(self) -> bool:
        return time.perf_counter() >= self.ended_at


class Refused(Exception):
    """A request of the benchmark was not done."""


class Connection(asyncio.Protocol):
    def __init__(self, requests: Iterator[bytes], load: Load, done: asyncio.Future[None]):
        self.requests, self.load, self.done = requests, load, done
        self.received, self.began = b"", 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, blank, body = self.received.partition(b"\r\n\r\n")
        if not blank or len(body) < _length(head):
            return
        self.load.took.append(time.perf_counter() - self.began)
        if not head.startswith(b"HTTP/1.1 2"):
            self._end(Refused(self.received.decode()))
        elif self.load.is_over:
            self._end(None)
        else:
            self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the server hung up"))

    def _ask(self) -> None:
        self.received = b""
        request = next(self.requests, None)
        if request is None:
            self._end(None)
            return
        self.began = time.perf_counter()
        self.transport.write(request)

    def _end(self, error: Exception | None) -> None:
        if error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(error)
        self.transport.close()


def _length(head: bytes) -> int:
    return int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])


def send(port: int, requests: Requests, *, connections: int, seconds: float) -> Load:
    """All connections at once, each as fast as it is answered."""
    load = Load(seconds)
    uvloop.run(_send(port, requests, connections, load))
    return load


async def _send(port: int, requests: Requests, connections: int, load: Load) -> None:
    loop = asyncio.get_running_loop()
    load.ended_at = time.perf_counter() + load.seconds
    ends = [loop.create_future() for _ in range(connections)]
    for number, done in enumerate(ends):
        await loop.create_connection(partial(Connection, requests(number), load, done), "127.0.0.1", port)
    await asyncio.gather(*ends)
