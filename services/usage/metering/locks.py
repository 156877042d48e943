"""Metering goes on side by side; opening, closing and recounting a period of a tenant happens between its batches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from itertools import groupby
from uuid import UUID

from sqlalchemy import Connection

from services.usage.metering.watches import PeriodKey


def share_periods(tx: Connection, tenant_ids: Iterable[UUID], *, alone: Set[UUID] = frozenset()) -> None:
    """Until the end of this transaction no period of these tenants opens, closes or is counted again.

    Otherwise an event stored while its period opens would be in neither: not visible yet to the one, the period not
    visible yet to the other. Who changes what is counted is `alone` with its tenant. In one order, so that nobody waits
    in a ring.
    """
    for tenant_id in sorted(set(tenant_ids)):
        if tenant_id in alone:
            take_periods(tx, tenant_id)
        else:
            tx.exec_driver_sql("SELECT pg_advisory_xact_lock_shared(%(key)s)", {"key": _key(tenant_id)})


def take_periods(tx: Connection, tenant_id: UUID) -> None:
    """Waits for batches of this tenant that are under way; later ones wait for the end of this transaction.

    Whoever takes several tenants in one transaction takes them in ascending order.
    """
    tx.exec_driver_sql("SELECT pg_advisory_xact_lock(%(key)s)", {"key": _key(tenant_id)})


def lock_periods(tx: Connection, keys: Sequence[PeriodKey]) -> None:
    """Two workers tell something of one period one after the other. The keys are sorted, so that nobody waits in a ring."""
    for tenant_id, of_tenant in groupby(keys, lambda key: key.tenant_id):
        tx.exec_driver_sql(_LOCK, {"tenant": tenant_id, "periods": [key.period_id for key in of_tenant]})


def _key(tenant_id: UUID) -> int:
    return int.from_bytes(tenant_id.bytes[8:], "big", signed=True)


_LOCK = """
SELECT FROM usage_periods WHERE tenant_id = %(tenant)s AND period_id = ANY(%(periods)s) ORDER BY period_id FOR UPDATE"""
