"""The taxes of each place, by its code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, select
from sqlalchemy.dialects.postgresql import insert

from services.billing.domain.taxation.tax_place import TaxPlaceNotFound, TaxRatesChanged
from services.billing.tables import tax_places
from shared.event_store import Recorded
from shared.statements import write
from shared.unit_of_work import UnitOfWork

_upsert = insert(tax_places)
_upsert = _upsert.on_conflict_do_update(
    index_elements=["tenant_id", "place"], set_={name: _upsert.excluded[name] for name in ("rates", "version")}
)


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    for entry in recorded:
        if isinstance(entry.event, TaxRatesChanged):
            write(tx, _upsert, _row(entry, entry.event))


def _row(entry: Recorded, event: TaxRatesChanged) -> dict[str, Any]:
    return {
        "tenant_id": entry.tenant_id,
        "place": event.rates.place,
        "rates": msgspec.to_builtins(event.rates.rates),
        "version": entry.version,
    }


def of_tenant(unit: UnitOfWork) -> Select[Any]:
    return select(tax_places).where(tax_places.c.tenant_id == unit.tenant_id)


def categories(unit: UnitOfWork) -> frozenset[str]:
    """Those that some place of the tenant lists."""
    rows = unit.tx.exec_driver_sql(_CATEGORIES, {"tenant": unit.tenant_id})
    return frozenset(rows.scalars())


_CATEGORIES = """
SELECT DISTINCT rate ->> 'category' FROM tax_places, jsonb_array_elements(rates) AS rate WHERE tenant_id = %(tenant)s"""


def get(unit: UnitOfWork, place: str) -> dict[str, Any]:
    row = unit.tx.execute(of_tenant(unit).where(tax_places.c.place == place)).mappings().first()
    if row is None:
        raise TaxPlaceNotFound("no rates are listed for the place")
    return dict(row)
