"""A bill run over subscriptions whose usage periods are closed: from the timer to issued invoices, with lines, books, numbers
and messages; beside a COPY of the same rows into the same tables without any thought."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field

import psutil
import psycopg

from infra.local.databases import Urls
from infra.local.postgres import libpq
from tests.bench.billing.seller import CHARGES, Seller
from tests.bench.usage.cpu import cpu_seconds

WARM = 50


@dataclass
class Row:
    """Of each repeat: invoices a second and per core-second of the worker and PostgreSQL, the rate of the bound, and how
    many megabytes the worker grew by."""

    wall: list[float] = field(default_factory=list)
    per_core: list[float] = field(default_factory=list)
    bound: list[float] = field(default_factory=list)
    grown: list[float] = field(default_factory=list)


class NotAllIssued(Exception):
    """A bill run left something out, or did something twice."""


def run(urls: Urls, postgres_pid: int, subscriptions: int, repeats: int) -> Row:
    """Each time a tenant of its own, in tables that grow as they would."""
    row = Row()
    _billed(urls, WARM)[0].close()
    for _ in range(repeats):
        seller, figures = _measured(urls, postgres_pid, subscriptions)
        wall, used, grown = figures
        row.wall.append(subscriptions / wall)
        row.per_core.append(subscriptions / used)
        row.grown.append(grown / 2**20)
        row.bound.append(subscriptions / _copied(urls, postgres_pid, seller))
        seller.close()
    return row


def _billed(urls: Urls, subscriptions: int) -> tuple[Seller, None]:
    seller = Seller(urls)
    seller.sell(subscriptions)
    seller.bill()
    return seller, None


def _measured(urls: Urls, postgres_pid: int, subscriptions: int) -> tuple[Seller, tuple[float, float, float]]:
    seller, pids, memory = Seller(urls), [os.getpid(), postgres_pid], psutil.Process().memory_info
    seller.sell(subscriptions)
    resident, used, began = memory().rss, cpu_seconds(pids), time.perf_counter()
    seller.bill()
    took = time.perf_counter() - began, cpu_seconds(pids) - used, float(memory().rss - resident)
    _check(urls, seller, subscriptions)
    return seller, took


def _check(urls: Urls, seller: Seller, subscriptions: int) -> None:
    """One invoice each with a line for each charge, numbered without a gap, booked and queued."""
    with psycopg.connect(libpq(urls.owner)) as connection:
        found = connection.execute(_FOUND, {"tenant": seller.tenant_id}).fetchone()
    if found != (subscriptions, subscriptions, subscriptions * len(CHARGES), subscriptions, 0):
        raise NotAllIssued(f"{subscriptions} subscriptions: {found}")


def _copied(urls: Urls, postgres_pid: int, seller: Seller) -> float:
    """Core-seconds that PostgreSQL and the client need to store the rows of the run once more, by binary COPY."""
    pids, where = [os.getpid(), postgres_pid], {"tenant": seller.tenant_id}
    with psycopg.connect(libpq(urls.owner)) as connection, connection.cursor() as cursor:
        rows = {}
        for table, chosen in _WRITTEN.items():
            cursor.execute(f"CREATE TEMP TABLE {table}_again (LIKE {table} INCLUDING ALL)")
            with cursor.copy(f"COPY (SELECT * FROM {table} WHERE {chosen}) TO STDOUT (FORMAT BINARY)", where) as copy:
                rows[table] = b"".join(copy)
        used = cpu_seconds(pids)
        for table, content in rows.items():
            with cursor.copy(f"COPY {table}_again FROM STDIN (FORMAT BINARY)") as copy:
                copy.write(content)
        used = cpu_seconds(pids) - used
        connection.rollback()
    return used


_WRITTEN = {
    "events": "tenant_id = %(tenant)s AND (category = 'invoice' OR type = 'bill_requested')",
    "invoices": "tenant_id = %(tenant)s",
    "ledger_postings": "tenant_id = %(tenant)s",
    "taxed_amounts": "tenant_id = %(tenant)s",
    "recognitions": "tenant_id = %(tenant)s",
    "outbox": "tenant_id = %(tenant)s AND topic = 'billing.invoices'",
    "timers": "tenant_id = %(tenant)s AND name = 'invoice_overdue'",
}

_FOUND = """
SELECT count(*), count(DISTINCT number), sum(jsonb_array_length(document -> 'lines'))::int,
  max(substring(number FROM '[0-9]+$')::int),
  (SELECT COALESCE(sum(amount_minor), 1)::int FROM ledger_postings WHERE tenant_id = %(tenant)s)
FROM invoices WHERE tenant_id = %(tenant)s AND status IN ('issued', 'paid')"""
