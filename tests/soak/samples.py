"""What is looked at every few seconds: memory of every process, what waits, and how long answers took."""

from __future__ import annotations

import csv
import statistics
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from kafka import KafkaAdminClient, KafkaConsumer
from sqlalchemy import Engine

from infra.local.stack import Stack
from infra.local.topics import read_topics
from shared.backlog import backlog, lag
from shared.clock import real_now
from shared.log_ends import end_offsets

Row = dict[str, float]
MEGABYTE = 1_000_000


@dataclass
class Latencies:
    """Of the answers since the last look, by what was asked; and how many failed since the beginning."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    answers: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def took(self, what: str, seconds: float, status: int) -> None:
        with self._lock:
            self.seconds[what].append(seconds)
            self.answers[what] += 1
            if status >= 500:
                self.failures[f"{what} {status}"] += 1

    def taken(self) -> Row:
        """Milliseconds: median and 99th percentile of all together."""
        with self._lock:
            found = sorted(seconds for each in self.seconds.values() for seconds in each)
            self.seconds.clear()
        if not found:
            return {}
        return {"p50 ms": 1000 * statistics.median(found), "p99 ms": 1000 * found[int(0.99 * (len(found) - 1))]}


@dataclass
class Samples:
    """`rows` are one a look; columns appear when there is something to say."""

    stack: Stack
    engines: dict[str, Engine]
    latencies: Latencies
    watcher: KafkaConsumer
    began: float = field(default_factory=time.monotonic)
    rows: list[Row] = field(default_factory=list)

    def look(self) -> Row:
        row = {"seconds": round(time.monotonic() - self.began, 1), **self._memory(), **self.latencies.taken()}
        waiting: Row = {"outbox rows": 0, "parked rows": 0, "outbox age s": 0, "timers late s": 0}
        for engine in self.engines.values():
            with engine.connect() as tx:
                found = backlog(tx, real_now())
            waiting["outbox rows"] += found.outbox_rows
            waiting["parked rows"] += found.parked_rows
            waiting["outbox age s"] = max(waiting["outbox age s"], found.outbox_seconds)
            waiting["timers late s"] = max(waiting["timers late s"], found.timers_seconds)
        self.rows.append(row | waiting | self._lag())
        return self.rows[-1]

    def _memory(self) -> Row:
        programs = [program for program in self.stack.supervisor.programs if program.child]
        return {f"{program.name} MB": _resident(program.child.pid) for program in programs if program.child}

    def _lag(self) -> Row:
        """Records in the broker that their readers have not applied yet; a record of usage holds a batch of events."""
        admin = KafkaAdminClient(bootstrap_servers=self.stack.broker.bootstrap_servers)
        try:
            cluster = str(admin.describe_cluster()["cluster_id"])
        finally:
            admin.close()
        total = 0
        for service, engine in self.engines.items():
            topics = [topic.name for topic in read_topics() if service in topic.readers]
            with engine.connect() as tx:
                total += sum(lag(tx, cluster, end_offsets(self.watcher, topics)).values())
        return {"lag records": total}

    def write(self, file: Path) -> None:
        columns = list(dict.fromkeys(name for row in self.rows for name in row))
        with file.open("w", newline="") as out:
            writer = csv.DictWriter(out, columns)
            writer.writeheader()
            writer.writerows(self.rows)

    def growth(self) -> dict[str, tuple[float, float]]:
        """Each column's median in the second quarter of the time, and in the last: the first is for getting warm."""
        quarter = max(1, len(self.rows) // 4)
        columns = dict.fromkeys(name for row in self.rows for name in row if name != "seconds")
        return {
            name: (_median(self.rows[quarter : 2 * quarter], name), _median(self.rows[-quarter:], name))
            for name in columns
        }


def _median(rows: Sequence[Row], name: str) -> float:
    found = [row[name] for row in rows if name in row]
    return statistics.median(found) if found else 0.0


def _resident(pid: int) -> float:
    """Of a process and its children; PostgreSQL's share one buffer, which is counted in each."""
    try:
        process = psutil.Process(pid)
        family = [process] if process.name() == "postgres" else [process, *process.children(recursive=True)]
        return round(sum(each.memory_info().rss for each in family) / MEGABYTE, 1)
    except psutil.NoSuchProcess:
        return 0.0
