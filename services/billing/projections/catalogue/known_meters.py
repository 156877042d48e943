"""The meters that usage has defined, by slug."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from services.billing.domain.reference import MeterNoted
from services.billing.tables import known_meters
from shared.event_store import Recorded
from shared.statements import write
from shared.unit_of_work import UnitOfWork

_upsert = insert(known_meters)
_upsert = _upsert.on_conflict_do_update(index_elements=["tenant_id", "slug"], set_={"meter": _upsert.excluded.meter})


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    for entry in recorded:
        if isinstance(entry.event, MeterNoted):
            meter = entry.event.meter
            row = {"tenant_id": entry.tenant_id, "slug": meter.slug, "meter": msgspec.to_builtins(meter)}
            write(tx, _upsert, row)


def groups(unit: UnitOfWork) -> dict[str, tuple[str, ...]]:
    """Every meter of the tenant, with what its quantities can be told apart by."""
    mine = select(known_meters.c.slug, known_meters.c.meter).where(known_meters.c.tenant_id == unit.tenant_id)
    return {row.slug: tuple(row.meter["groups"]) for row in unit.tx.execute(mine)}
