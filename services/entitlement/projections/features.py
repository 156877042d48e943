"""Which features the catalogue names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from services.entitlement.domain.known_plan import KNOWN_PLAN, PlanVersionLearned
from services.entitlement.tables import known_features
from shared.event_store import Recorded
from shared.unit_of_work import UnitOfWork

_add = insert(known_features).on_conflict_do_nothing()


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    named = {
        (r.tenant_id, name) for r in recorded if isinstance(r.event, PlanVersionLearned) for name in r.event.features
    }
    if named:
        tx.execute(_add, [{"tenant_id": tenant_id, "feature": name} for tenant_id, name in sorted(named)])


def known(unit: UnitOfWork, asked: Sequence[str]) -> set[str]:
    """Those of the features asked for that the catalogue names."""
    found = select(known_features.c.feature).where(
        known_features.c.tenant_id == unit.tenant_id, known_features.c.feature.in_(asked)
    )
    return set(unit.tx.execute(found).scalars())


def known_at(unit: UnitOfWork, asked: Sequence[str], instant: datetime) -> set[str]:
    """Those that the catalogue, as it was known then, named."""
    learned = unit.session.store.everything(unit.tx, tenant_id=unit.tenant_id, categories=[KNOWN_PLAN.category])
    before = (entry for batch in learned for entry in batch if entry.cause.recorded_at <= instant)
    return {name for entry in before for name in entry.event.features} & set(asked)
