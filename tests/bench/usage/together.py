"""API, worker, broker and PostgreSQL at the same time: how soon an event is visible, and how much all of it takes."""

from __future__ import annotations

import asyncio
import threading
import time
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import psycopg
import uvloop

from tests.bench.usage.cpu import peak_megabytes
from tests.bench.usage.events import requests
from tests.bench.usage.load import Connection, Load, send
from tests.bench.usage.metering_rows import connected, metered_so_far, wait_for_worker
from tests.bench.usage.stand import Stand
from tests.support.waiting import eventually

A_REQUEST = 100
STEADY_EVENTS, STEADY_CONNECTIONS = 20_000, 16
BUSY_CONNECTIONS = 16


@dataclass
class Seen:
    """How many events the totals had, and when: by somebody who looks all the time."""

    at: list[float] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)


class Lost(Exception):
    """What was accepted is not what was counted."""


def seconds_until_visible(stand: Stand, seconds: float) -> list[float]:
    """At 20,000 events a second: from each answer until the periods have all that was accepted up to then."""
    with stand.api() as (port, _), stand.worker(), connected(stand) as connection:
        wait_for_worker(stand, connection)
        before = metered_so_far(connection)
        with looking(stand) as seen:
            answered = sorted(uvloop.run(_steadily(port, stand.token, seconds)))
            goal = before + len(answered) * A_REQUEST
            eventually(lambda: bool(seen.counts) and seen.counts[-1] >= goal, seconds=300)
        visible = [bisect_left(seen.counts, before + (n + 1) * A_REQUEST) for n in range(len(answered))]
        return [max(0.0, seen.at[place] - at) for place, at in zip(visible, answered, strict=True)]


@dataclass(frozen=True, slots=True)
class Busy:
    """`rate` is events a second; the processes had so many megabytes at most."""

    rate: float
    accepted: int
    api_megabytes: float
    worker_megabytes: float


def events_a_second(stand: Stand, seconds: float) -> Busy:
    """As many as are answered, until the last of them is metered. Raises Lost if one is missing or counts twice."""
    with stand.api() as (port, api), stand.worker() as worker, connected(stand) as connection:
        wait_for_worker(stand, connection)
        before, began = metered_so_far(connection), time.perf_counter()
        load = send(port, partial(requests, stand.token, A_REQUEST), connections=BUSY_CONNECTIONS, seconds=seconds)
        accepted = len(load.took) * A_REQUEST
        eventually(lambda: metered_so_far(connection) - before >= accepted, seconds=10 * seconds)
        took = time.perf_counter() - began
        _check(connection, before + accepted)
        return Busy(accepted / took, accepted, peak_megabytes(api), peak_megabytes(worker))


def _check(connection: psycopg.Connection, expected: int) -> None:
    row = connection.execute("SELECT count(*) FROM usage_events").fetchone()
    stored, counted = row[0] if row else 0, metered_so_far(connection)
    if not stored >= counted == expected:
        raise Lost(f"{expected} were accepted, {counted} counted, {stored} stored")


@contextmanager
def looking(stand: Stand) -> Iterator[Seen]:
    seen, done = Seen(), threading.Event()

    def look() -> None:
        with connected(stand) as connection:
            while not done.wait(0.01):
                seen.counts.append(metered_so_far(connection))
                seen.at.append(time.perf_counter())

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()


async def _steadily(port: int, token: str, seconds: float) -> list[float]:
    """When each request was answered. A connection that is late does not catch up."""
    each = STEADY_CONNECTIONS * A_REQUEST / STEADY_EVENTS
    answered: list[float] = []
    ends_at = time.perf_counter() + seconds
    await asyncio.gather(*(_turns(port, token, n, each, ends_at, answered) for n in range(STEADY_CONNECTIONS)))
    return answered


async def _turns(port: int, token: str, number: int, each: float, ends_at: float, answered: list[float]) -> None:
    loop, asked = asyncio.get_running_loop(), requests(token, A_REQUEST, number)
    await asyncio.sleep(each * number / STEADY_CONNECTIONS)
    while (began := time.perf_counter()) < ends_at:
        done = loop.create_future()
        await loop.create_connection(partial(Connection, asked, Load(0), done), "127.0.0.1", port)
        await done
        answered.append(time.perf_counter())
        await asyncio.sleep(max(0.0, began + each - answered[-1]))
