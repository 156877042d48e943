"""Every version of every plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, func, select
from sqlalchemy.dialects.postgresql import insert

from services.billing.domain.catalogue import PLAN, PlanNotFound, PlanPublished
from services.billing.domain.plan import PlanVersion
from services.billing.projections import later_fields
from services.billing.tables import plans
from shared.event_store import Recorded
from shared.moments import PlayedBack
from shared.statements import write
from shared.unit_of_work import UnitOfWork

_upsert = insert(plans)
_upsert = _upsert.on_conflict_do_update(
    index_elements=["tenant_id", "plan_id", "version"], set_={"plan": _upsert.excluded.plan}
)


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    for entry in recorded:
        if isinstance(entry.event, PlanPublished):
            write(tx, _upsert, _row(entry, entry.event))


def _row(entry: Recorded, event: PlanPublished) -> dict[str, Any]:
    return {
        "tenant_id": entry.tenant_id,
        "plan_id": event.plan_id,
        "code": event.plan.code,
        "version": event.plan.version,
        "plan": later_fields.told(event.plan),
    }


THEN = PlayedBack(PLAN, project, plans.c.plan_id)


def latest(unit: UnitOfWork) -> Select[Any]:
    """The current version of each plan."""
    newest = (
        select(plans.c.plan_id, func.max(plans.c.version).label("version"))
        .where(plans.c.tenant_id == unit.tenant_id)
        .group_by(plans.c.plan_id)
        .subquery()
    )
    is_newest = (plans.c.plan_id == newest.c.plan_id) & (plans.c.version == newest.c.version)
    return select(plans).join(newest, is_newest).where(plans.c.tenant_id == unit.tenant_id)


def get(unit: UnitOfWork, code: str, version: int | None = None, *, field: str | None = None) -> PlanVersion:
    """One version, or without a number the current one. `field` is what named the plan, for the refusal."""
    wanted = select(plans.c.plan).where(plans.c.tenant_id == unit.tenant_id, plans.c.code == code)
    if version is not None:
        wanted = wanted.where(plans.c.version == version)
    found = unit.tx.execute(wanted.order_by(plans.c.version.desc()).limit(1)).scalar()
    if found is None:
        raise PlanNotFound("no such plan, or no such version of it", field=field)
    return read(found)


def versions(unit: UnitOfWork, code: str, *, field: str | None = None) -> dict[int, PlanVersion]:
    """All of them by number. Raises PlanNotFound."""
    wanted = select(plans.c.plan).where(plans.c.tenant_id == unit.tenant_id, plans.c.code == code)
    found = [read(document) for document in unit.tx.execute(wanted).scalars()]
    if not found:
        raise PlanNotFound("no such plan", field=field)
    return {plan.version: plan for plan in found}


def read(document: dict[str, Any]) -> PlanVersion:
    return msgspec.convert(document, PlanVersion)
