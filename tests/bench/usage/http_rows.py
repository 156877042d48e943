"""Events over HTTP, answered after the acknowledgement: batches of 100 and single ones, beside the bare callable."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import msgspec

from services.usage.domain.envelope import Envelope
from tests.bench.usage.cpu import cpu_seconds
from tests.bench.usage.events import requests
from tests.bench.usage.load import send
from tests.bench.usage.stand import Stand

CONNECTIONS = 64
WARM_SECONDS = 1.5
BROKER_WARM_SECONDS = 15.0  # until then Java still compiles what it will run


@dataclass
class Row:
    """Of each repeat: events a second, events per core-second of the API and the broker, and the slowest in a hundred."""

    wall: list[float] = field(default_factory=list)
    per_core: list[float] = field(default_factory=list)
    p99_milliseconds: list[float] = field(default_factory=list)


def compare(stand: Stand, *, size: int, repeats: int, seconds: float) -> tuple[Row, Row]:
    """The bare callable and the product, turn by turn, as the machine's mood changes. No worker runs meanwhile."""
    bare, ours = Row(), Row()
    with stand.bare() as (bare_port, bare_pid), stand.api() as (port, pid):
        for at in (bare_port, port):
            send(at, partial(requests, stand.token, size), connections=CONNECTIONS, seconds=WARM_SECONDS)
        for _ in range(repeats):
            _measure(bare, stand, bare_port, bare_pid, size, seconds)
            _measure(ours, stand, port, pid, size, seconds)
    return bare, ours


def _measure(row: Row, stand: Stand, port: int, pid: int, size: int, seconds: float) -> None:
    pids = [pid, stand.kafka_pid]
    used, began = cpu_seconds(pids), time.perf_counter()
    load = send(port, partial(requests, stand.token, size), connections=CONNECTIONS, seconds=seconds)
    took, used = time.perf_counter() - began, cpu_seconds(pids) - used
    events = len(load.took) * size
    row.wall.append(events / took)
    row.per_core.append(events / used)
    row.p99_milliseconds.append(statistics.quantiles(load.took, n=100)[98] * 1000)


def warm(stand: Stand) -> None:
    with stand.bare() as (port, _):
        for size in (100, 1):
            asked = partial(requests, stand.token, size)
            send(port, asked, connections=CONNECTIONS, seconds=BROKER_WARM_SECONDS / 2)


def parse_only(repeats: int) -> Sequence[float]:
    """Events a second of one core that does nothing but decode batches of 100."""
    body = next(requests("", 100, 0)).partition(b"\r\n\r\n")[2]
    decoder = msgspec.json.Decoder(list[Envelope])
    return [_decoded(decoder, body, 2000) for _ in range(repeats)]


def _decoded(decoder: msgspec.json.Decoder[list[Envelope]], body: bytes, times: int) -> float:
    began = time.process_time()
    for _ in range(times):
        decoder.decode(body)
    return times * 100 / (time.process_time() - began)
