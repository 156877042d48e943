"""How a benchmark says what it found, and under which conditions."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from importlib.metadata import version

import psycopg

from infra.local.postgres import libpq


def show(what: str, found: Sequence[float], unit: str) -> None:
    """A line: the median of the runs, the least and the most of them."""
    values = statistics.median(found), min(found), max(found)
    median, least, most = (f"{value:,.2f}" if abs(value) < 10 else f"{value:,.0f}" for value in values)
    print(f"{what:48} {median:>9}  ({least} to {most})  {unit}", flush=True)


def show_conditions(database_url: str, packages: Sequence[str], about: str) -> None:
    """The machine, the packages and the server that the figures depend on; `about` is what else they do."""
    with psycopg.connect(libpq(database_url)) as connection:
        names = ("server_version", "fsync", "synchronous_commit", "shared_buffers", "max_wal_size")
        facts = [connection.execute(f"SHOW {name}").fetchone() for name in names]
    server, fsync, synchronous, buffers, log = (row[0] for row in facts if row)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; Python {platform.python_version()}", end="; ")
    print(", ".join(f"{name} {version(name)}" for name in packages))
    print(f"PostgreSQL {server}, fsync {fsync}, synchronous_commit {synchronous}", end=", ")
    print(f"shared_buffers {buffers}, max_wal_size {log}; {about}", flush=True)
