"""Customers, by id and by external id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, func, select
from sqlalchemy.dialects.postgresql import insert

from services.billing.domain.customer import CUSTOMER, CustomerChanged, CustomerNotFound
from services.billing.projections import later_fields
from services.billing.tables import customers
from shared.event_store import Recorded
from shared.moments import PlayedBack
from shared.statements import write
from shared.unit_of_work import UnitOfWork

_upsert = insert(customers)
_upsert = _upsert.on_conflict_do_update(
    index_elements=["tenant_id", "customer_id"],
    set_={"version": _upsert.excluded.version, "customer": _upsert.excluded.customer},
)


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    for entry in recorded:
        if isinstance(entry.event, CustomerChanged):
            write(tx, _upsert, _row(entry, entry.event))


def _row(entry: Recorded, event: CustomerChanged) -> dict[str, Any]:
    return {
        "tenant_id": entry.tenant_id,
        "customer_id": event.customer_id,
        "key": event.customer.key,
        "version": entry.version,
        "customer": later_fields.told(event.customer),
    }


THEN = PlayedBack(CUSTOMER, project, customers.c.customer_id)


def of_tenant(
    unit: UnitOfWork, *, key: str | None = None, facts: Mapping[str, str | None] | None = None
) -> Select[Any]:
    """`facts` by name, None for any; "" finds those of whom it is not said."""
    mine = select(customers).where(customers.c.tenant_id == unit.tenant_id)
    if key is not None:
        mine = mine.where(customers.c.key == key)
    said = {name: value for name, value in (facts or {}).items() if value is not None}
    return mine.where(*(func.coalesce(customers.c.customer[name].astext, "") == value for name, value in said.items()))


def get(unit: UnitOfWork, customer_id: UUID, field: str | None = None) -> dict[str, Any]:
    """`field` is where a body names the customer."""
    row = unit.tx.execute(of_tenant(unit).where(customers.c.customer_id == customer_id)).mappings().first()
    if row is None:
        raise CustomerNotFound("no such customer: put it first" if field else "no such customer", field=field)
    return dict(row)
