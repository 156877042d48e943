"""Entitlements as they stand, by id, subscription, account and status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, RowMapping, Select, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from services.entitlement.domain.entitlement import ENTITLEMENT
from services.entitlement.domain.entitlement.state import EntitlementNotFound
from services.entitlement.projections.entitlement_view import EntitlementView, fold
from services.entitlement.tables import entitlements
from shared.event_store import Recorded, StreamKey, by_stream
from shared.statements import write
from shared.unit_of_work import UnitOfWork

_upsert = insert(entitlements)
_upsert = _upsert.on_conflict_do_update(
    index_elements=["tenant_id", "entitlement_id"],
    set_={
        name: _upsert.excluded[name] for name in ("subscription_id", "customer_key", "status", "version", "entitlement")
    },
)


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    streams = by_stream(entry for entry in recorded if entry.key.category == ENTITLEMENT.category)
    if streams:
        before = _views(tx, list(streams))
        write(tx, _upsert, *[_row(key, fold(_view(before, key), entries)) for key, entries in streams.items()])


def _views(tx: Connection, keys: Sequence[StreamKey]) -> Mapping[tuple[UUID, UUID], EntitlementView]:
    ids = [(key.tenant_id, key.stream_id) for key in keys]
    rows = tx.execute(
        select(entitlements).where(tuple_(entitlements.c.tenant_id, entitlements.c.entitlement_id).in_(ids))
    )
    return {(row.tenant_id, row.entitlement_id): view_of(row._mapping) for row in rows}


def _view(before: Mapping[tuple[UUID, UUID], EntitlementView], key: StreamKey) -> EntitlementView:
    return before.get((key.tenant_id, key.stream_id)) or EntitlementView(entitlement_id=key.stream_id)


def _row(key: StreamKey, view: EntitlementView) -> dict[str, Any]:
    return {
        "tenant_id": key.tenant_id,
        "entitlement_id": key.stream_id,
        "subscription_id": view.granted.subscription_id if view.granted else None,
        "customer_key": view.granted.customer_key if view.granted else None,
        "status": view.status,
        "version": view.version,
        "entitlement": msgspec.to_builtins(view),
    }


def view_of(row: RowMapping) -> EntitlementView:
    return msgspec.convert(row["entitlement"], EntitlementView)


def of_tenant(
    unit: UnitOfWork, *, account: str | None = None, subscription_id: UUID | None = None, status: str | None = None
) -> Select[Any]:
    found = select(entitlements).where(
        entitlements.c.tenant_id == unit.tenant_id, entitlements.c.customer_key.is_not(None)
    )
    wanted = {"customer_key": account, "subscription_id": subscription_id, "status": status}
    return found.where(*(entitlements.c[name] == value for name, value in wanted.items() if value is not None))


def of_account(unit: UnitOfWork, account: str) -> list[EntitlementView]:
    return [view_of(row) for row in unit.tx.execute(of_tenant(unit, account=account)).mappings()]


def get(unit: UnitOfWork, entitlement_id: UUID) -> EntitlementView:
    row = unit.tx.execute(of_tenant(unit).where(entitlements.c.entitlement_id == entitlement_id)).mappings().first()
    if row is None:
        raise EntitlementNotFound("no such entitlement")
    return view_of(row)


def as_known_at(unit: UnitOfWork, entitlement_id: UUID, instant: datetime) -> EntitlementView:
    """What had been heard of it by then; without a grant, where that is still to come."""
    known = unit.history(ENTITLEMENT, entitlement_id, known_at=instant)
    return fold(EntitlementView(entitlement_id=entitlement_id), known)


def get_as_known_at(unit: UnitOfWork, entitlement_id: UUID, instant: datetime) -> EntitlementView:
    """As it would have been shown then. Raises EntitlementNotFound where it was not granted yet."""
    view = as_known_at(unit, entitlement_id, instant)
    if view.granted is None:
        raise EntitlementNotFound("there was no such entitlement then")
    return view
