"""Read models thrown away and built again from the events: the proof that they say what happened, and the repair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, Engine

from shared.event_store import EventStore, Subscriber


@dataclass(frozen=True, slots=True)
class ReadModel:
    """A projection and the tables that it, and nobody else, fills from the events."""

    project: Subscriber
    tables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Content:
    """How many rows of a table a tenant has, and a digest of them in which their order plays no part."""

    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """One table, by tenant: who has no row is not in it."""

    table: str
    live: Mapping[UUID, Content]
    rebuilt: Mapping[UUID, Content]

    @property
    def is_equal(self) -> bool:
        return self.live == self.rebuilt

    @property
    def different_tenants(self) -> list[UUID]:
        return sorted(t for t in {*self.live, *self.rebuilt} if self.live.get(t) != self.rebuilt.get(t))

    @property
    def live_rows(self) -> int:
        return sum(content.rows for content in self.live.values())

    @property
    def rebuilt_rows(self) -> int:
        return sum(content.rows for content in self.rebuilt.values())


def rebuild(engine: Engine, store: EventStore, models: Sequence[ReadModel], *, keep: bool) -> list[Comparison]:
    """Compare every table with what the events make of it; `keep` that, or leave all as it was.

    One transaction, with the worker's role. Who appends meanwhile waits until it is over; who reads sees what was.
    """
    tables = [table for model in models for table in model.tables]
    with engine.connect() as tx, tx.begin() as transaction:
        tx.exec_driver_sql("SET LOCAL statement_timeout = 0")
        tx.exec_driver_sql("SET LOCAL lock_timeout = 0")
        tx.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        tx.exec_driver_sql(f"LOCK TABLE {', '.join(tables)} IN SHARE ROW EXCLUSIVE MODE")
        live = {table: content(tx, table) for table in tables}
        for table in tables:
            tx.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608 - names of our own tables
        for batch in store.everything(tx):
            for model in models:
                model.project(tx, batch)
        compared = [Comparison(table, live[table], content(tx, table)) for table in tables]
        if not keep:
            transaction.rollback()
    return compared


def content(tx: Connection, table: str) -> Mapping[UUID, Content]:
    """What a table holds now, by tenant."""
    rows = tx.exec_driver_sql(_CONTENT.format(table=table))
    return {row.tenant_id: Content(row.rows, row.digest) for row in rows}


# A sum of hashes, as wide as it takes: two equal rows do not cancel each other out, as they would in an exclusive or.
_CONTENT = """
SELECT tenant_id, count(*) AS rows, sum(('x' || left(md5(t::text), 16))::bit(64)::bigint::numeric)::text AS digest
FROM {table} t GROUP BY tenant_id"""
