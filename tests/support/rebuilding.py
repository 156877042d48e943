"""Read models thrown away and built again from the events, to be compared with the live ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, MetaData, delete, select

from infra.local.tokens import tenant_id
from shared.event_store import Subscriber
from tests.support.house import Service

Rows = Mapping[str, list[str]]


def read_models(tx: Connection, metadata: MetaData, names: Sequence[str], tenant: str) -> Rows:
    """A tenant's rows of each table, in an order that says nothing about how they came."""

    def rows(name: str) -> list[str]:
        table = metadata.tables[name]
        found: Any = tx.execute(select(table).where(table.c.tenant_id == tenant_id(tenant)))
        return sorted(str(row) for row in found)

    return {name: rows(name) for name in names}


def live_and_rebuilt(
    service: Service, metadata: MetaData, names: Sequence[str], projections: Sequence[Subscriber], tenant: str
) -> tuple[Rows, Rows]:
    with service.background.relay.engine.begin() as tx:
        live = read_models(tx, metadata, names, tenant)
        for name in names:
            table = metadata.tables[name]
            tx.execute(delete(table).where(table.c.tenant_id == tenant_id(tenant)))
        for batch in service.app.state.store.everything(tx, tenant_id=tenant_id(tenant), size=7):
            for project in projections:
                project(tx, batch)
        return live, read_models(tx, metadata, names, tenant)
