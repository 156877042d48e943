"""Customers by external id, with what the metrics can be cut by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from services.renewals.domain.known_customer import CustomerLearned
from services.renewals.tables import customers
from shared.event_store import Recorded
from shared.statements import write
from shared.unit_of_work import UnitOfWork

_upsert = insert(customers)
_upsert = _upsert.on_conflict_do_update(
    index_elements=["tenant_id", "customer_id"],
    set_={name: _upsert.excluded[name] for name in ("key", "segment", "region")},
)


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    for entry in recorded:
        if isinstance(entry.event, CustomerLearned):
            write(tx, _upsert, _row(entry, entry.event))


def _row(entry: Recorded, event: CustomerLearned) -> dict[str, Any]:
    customer = event.customer
    return {
        "tenant_id": entry.tenant_id,
        "customer_id": customer.customer_id,
        "key": customer.key,
        "segment": customer.segment,
        "region": customer.region,
    }


def dimensions_of(unit: UnitOfWork, customer_id: UUID) -> dict[str, str]:
    """Segment and region of one customer, as they are known today; nothing where the customer is not known yet."""
    wanted = select(customers).where(customers.c.tenant_id == unit.tenant_id, customers.c.customer_id == customer_id)
    row = unit.tx.execute(wanted).first()
    return {} if row is None else {"segment": row.segment, "region": row.region}


def dimensions(unit: UnitOfWork) -> Mapping[str, Mapping[str, str]]:
    """Segment and region of every customer, by key, as they are known today."""
    rows = unit.tx.execute(select(customers).where(customers.c.tenant_id == unit.tenant_id))
    return {row.key: {"segment": row.segment, "region": row.region} for row in rows}
