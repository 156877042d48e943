"""Coupons, by code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, select
from sqlalchemy.dialects.postgresql import insert

from services.billing.domain.coupon import Coupon, CouponChanged, CouponNotFound
from services.billing.tables import coupons
from shared.event_store import Recorded
from shared.statements import write
from shared.unit_of_work import UnitOfWork

_upsert = insert(coupons)
_upsert = _upsert.on_conflict_do_update(
    index_elements=["tenant_id", "code"],
    set_={name: _upsert.excluded[name] for name in ("coupon", "version")},
)


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    for entry in recorded:
        if isinstance(entry.event, CouponChanged):
            write(tx, _upsert, _row(entry, entry.event))


def _row(entry: Recorded, event: CouponChanged) -> dict[str, Any]:
    return {
        "tenant_id": entry.tenant_id,
        "coupon_id": event.coupon_id,
        "code": event.coupon.code,
        "coupon": msgspec.to_builtins(event.coupon),
        "version": entry.version,
    }


def of_tenant(unit: UnitOfWork) -> Select[Any]:
    return select(coupons).where(coupons.c.tenant_id == unit.tenant_id)


def get(unit: UnitOfWork, code: str, *, field: str | None = None) -> dict[str, Any]:
    """`field` is what named the coupon, for the refusal."""
    row = unit.tx.execute(of_tenant(unit).where(coupons.c.code == code)).mappings().first()
    if row is None:
        raise CouponNotFound("no such coupon", field=field)
    return dict(row)


def read(document: dict[str, Any]) -> Coupon:
    return msgspec.convert(document, Coupon)
