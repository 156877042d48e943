"""Subscriptions as they stand, with their terms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, bindparam, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.events import (
    SubscriptionCreated,
)
from services.billing.domain.subscription.state import SubscriptionNotFound
from services.billing.projections.subscriptions.subscription_rows import changes_of, row
from services.billing.tables import subscriptions
from shared.event_store import Recorded, StreamKey
from shared.moments import PlayedBack
from shared.statements import run, write
from shared.unit_of_work import UnitOfWork

_insert = insert(subscriptions).on_conflict_do_nothing()


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    """Events that change the version and nothing else, such as those of a bill run, are one statement."""
    versions: dict[StreamKey, int] = {}
    for entry in recorded:
        if entry.key.category != "subscription":
            continue
        if isinstance(entry.event, SubscriptionCreated):
            write(tx, _insert, row(entry, entry.event))
        elif changes := changes_of(entry.event):
            mine = (subscriptions.c.tenant_id == entry.tenant_id, subscriptions.c.subscription_id == entry.stream_id)
            tx.execute(update(subscriptions).where(*mine).values(version=entry.version, **changes))
        else:
            versions[entry.key] = entry.version
    if versions:
        tenants, _, ids = zip(*versions, strict=True)
        run(tx, _MOVED_ON, {"tenants": list(tenants), "ids": list(ids), "versions": list(versions.values())})


THEN = PlayedBack(SUBSCRIPTION, project, subscriptions.c.subscription_id)


def of_tenant(unit: UnitOfWork, *, customer: str | None = None, status: str | None = None) -> Select[Any]:
    mine = select(subscriptions).where(subscriptions.c.tenant_id == unit.tenant_id)
    if customer is not None:
        mine = mine.where(subscriptions.c.customer_key == customer)
    return mine if status is None else mine.where(subscriptions.c.status == status)


def with_plan(unit: UnitOfWork, code: str) -> Select[Any]:
    """Those that have a plan on their line, had it before an amendment, or will have it."""
    on_lines: list[dict[str, Any]] = [
        {"terms": [{"plan": code}]},
        {"amendments": [{"plan": code}]},
        {"amendments": [{"add_ons": [{"plan": code}]}]},
    ]
    has = subscriptions.c.subscription.op("@>")
    return of_tenant(unit).where(or_(*(has(bindparam(None, wanted, JSONB)) for wanted in on_lines)))


def waiting(unit: UnitOfWork, ids: Sequence[UUID]) -> list[UUID]:
    """Those of some that wait for something."""
    waits_for = subscriptions.c.subscription["waits_for"].astext
    mine = of_tenant(unit, status="scheduled").where(subscriptions.c.subscription_id.in_(ids), waits_for.is_not(None))
    return list(unit.tx.execute(mine.with_only_columns(subscriptions.c.subscription_id)).scalars())


def get(unit: UnitOfWork, subscription_id: UUID) -> dict[str, Any]:
    mine = of_tenant(unit).where(subscriptions.c.subscription_id == subscription_id)
    found = unit.tx.execute(mine).mappings().first()
    if found is None:
        raise SubscriptionNotFound("no such subscription")
    return dict(found)


_MOVED_ON = """
UPDATE subscriptions SET version = greatest(subscriptions.version, moved.version)
FROM unnest(%(tenants)s::uuid[], %(ids)s::uuid[], %(versions)s::int[]) AS moved(tenant_id, subscription_id, version)
WHERE subscriptions.tenant_id = moved.tenant_id AND subscriptions.subscription_id = moved.subscription_id"""
