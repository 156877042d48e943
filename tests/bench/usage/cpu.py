"""CPU time of processes that others run in: what a core does in a second is what rates are compared by."""

from __future__ import annotations

from collections.abc import Iterable

import psutil


def cpu_seconds(pids: Iterable[int]) -> float:
    """Of these processes and all below them, also of those that have ended."""
    return sum(_with_children(psutil.Process(pid)) for pid in pids)


def _with_children(process: psutil.Process) -> float:
    running = [process, *process.children(recursive=True)]
    ended = process.cpu_times()
    return ended.children_user + ended.children_system + sum(_own(each) for each in running)


def _own(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)
