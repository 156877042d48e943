"""Several processes that do the same thing at the same time, counted."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from queue import Empty
from typing import Any

# A client is made in its own process: it connects, and gives back one turn of its work.
Turn = Callable[[], object]
Connect = Callable[[], Turn]

_fork = multiprocessing.get_context("fork")


def rate(connect: Connect, *, processes: int, seconds: float) -> float:
    """Turns a second of all processes together, after a moment to get warm."""
    ready, counts = _fork.Barrier(processes), _fork.Queue()
    children = [_fork.Process(target=_count, args=(connect, seconds, ready, counts)) for _ in range(processes)]
    for child in children:
        child.start()
    try:
        found: list[float] = [counts.get(timeout=seconds + 60) for _ in children]
        return sum(found)
    except Empty:
        raise SystemExit("a client of the benchmark died") from None
    finally:
        for child in children:
            child.join(5)
            child.kill()


def _count(connect: Connect, seconds: float, ready: Any, counts: Any) -> None:
    turn = connect()
    for _ in range(50):
        turn()
    ready.wait()
    began, done = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        turn()
        done += 1
    counts.put(done / (time.perf_counter() - began))
