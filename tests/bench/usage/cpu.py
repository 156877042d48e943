"""CPU time of processes that others run in: what a core does in a second is what rates are compared by."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import psutil


def cpu_seconds(pids: Iterable[int]) -> float:
    """Of these processes and all below them, each once, also of those that have ended."""
    roots = [psutil.Process(pid) for pid in pids]
    running = {each.pid: each for root in roots for each in (root, *root.children(recursive=True))}
    return sum(map(_ended, roots)) + sum(map(_own, running.values()))


def _ended(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.children_user + times.children_system)


def _own(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def peak_megabytes(pid: int) -> float:
    """The most memory that a process has had so far."""
    words = Path(f"/proc/{pid}/status").read_text().split()
    return int(words[words.index("VmHWM:") + 1]) / 1024
