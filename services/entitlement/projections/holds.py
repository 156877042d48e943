"""Every hold there was: when it was placed and why, and when it was removed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid5

import msgspec
from sqlalchemy import Connection, Select, select, update
from sqlalchemy.dialects.postgresql import insert

from services.entitlement.domain.entitlement.events import EntitlementHoldPlaced, EntitlementHoldRemoved
from services.entitlement.tables import entitlements, holds
from shared.event_store import Recorded
from shared.statements import write
from shared.unit_of_work import UnitOfWork

_place = insert(holds).on_conflict_do_nothing()


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    for entry in recorded:
        match entry.event:
            case EntitlementHoldPlaced():
                write(tx, _place, _row(entry, entry.event))
            case EntitlementHoldRemoved():
                _remove(tx, entry, entry.event)


def _row(entry: Recorded, event: EntitlementHoldPlaced) -> dict[str, Any]:
    return {
        "tenant_id": entry.tenant_id,
        "hold_id": uuid5(entry.stream_id, f"{event.kind}@{entry.version}"),
        "entitlement_id": entry.stream_id,
        "kind": event.kind,
        "placed_at": event.at,
        "cause": msgspec.to_builtins(event.cause),
    }


def _remove(tx: Connection, entry: Recorded, event: EntitlementHoldRemoved) -> None:
    standing = (
        holds.c.tenant_id == entry.tenant_id,
        holds.c.entitlement_id == entry.stream_id,
        holds.c.kind == event.kind,
        holds.c.removed_at.is_(None),
    )
    removal = {"removed_at": event.at, "removal": msgspec.to_builtins(event.cause)}
    tx.execute(update(holds).where(*standing).values(removal))


def of_tenant(
    unit: UnitOfWork, *, account: str | None = None, kind: str | None = None, standing: bool | None = None
) -> Select[Any]:
    """Holds of granted entitlements, each with the account's key."""
    found = (
        select(holds, entitlements.c.customer_key, entitlements.c.subscription_id)
        .join(
            entitlements,
            (entitlements.c.tenant_id == holds.c.tenant_id) & (entitlements.c.entitlement_id == holds.c.entitlement_id),
        )
        .where(holds.c.tenant_id == unit.tenant_id, entitlements.c.customer_key.is_not(None))
    )
    if account is not None:
        found = found.where(entitlements.c.customer_key == account)
    if kind is not None:
        found = found.where(holds.c.kind == kind)
    if standing is not None:
        found = found.where(holds.c.removed_at.is_(None) if standing else holds.c.removed_at.is_not(None))
    return found
