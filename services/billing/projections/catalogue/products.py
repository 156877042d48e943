"""Products, by code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, select
from sqlalchemy.dialects.postgresql import insert

from services.billing.domain.product import ProductChanged, ProductNotFound
from services.billing.tables import products
from shared.event_store import Recorded
from shared.statements import write
from shared.unit_of_work import UnitOfWork

_upsert = insert(products)
_upsert = _upsert.on_conflict_do_update(
    index_elements=["tenant_id", "code"],
    set_={name: _upsert.excluded[name] for name in ("name", "description", "tax_category", "version")},
)


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    for entry in recorded:
        if isinstance(entry.event, ProductChanged):
            write(tx, _upsert, _row(entry, entry.event))


def _row(entry: Recorded, event: ProductChanged) -> dict[str, Any]:
    return {
        "tenant_id": entry.tenant_id,
        "product_id": event.product_id,
        "code": event.product.code,
        "name": event.product.name,
        "description": event.product.description,
        "tax_category": event.product.tax_category,
        "version": entry.version,
    }


def of_tenant(unit: UnitOfWork) -> Select[Any]:
    return select(products).where(products.c.tenant_id == unit.tenant_id)


def get(unit: UnitOfWork, code: str, field: str | None = None) -> dict[str, Any]:
    row = unit.tx.execute(of_tenant(unit).where(products.c.code == code)).mappings().first()
    if row is None:
        raise ProductNotFound("no such product", field=field)
    return dict(row)


def categories(unit: UnitOfWork) -> dict[str, str | None]:
    """The tax category of each, by code."""
    known = of_tenant(unit).with_only_columns(products.c.code, products.c.tax_category)
    return {row.code: row.tax_category for row in unit.tx.execute(known)}
