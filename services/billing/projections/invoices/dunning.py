"""Where each subscription stands on the dunning ladder, and each customer beside them, and how it got there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Select, select
from sqlalchemy.dialects.postgresql import insert

from services.billing.domain.dunning.events import DunningCleared, DunningStepReached
from services.billing.tables import dunning
from shared.event_store import Recorded
from shared.statements import write
from shared.unit_of_work import UnitOfWork

_upsert = insert(dunning)
_upsert = _upsert.on_conflict_do_update(
    index_elements=["tenant_id", "dunning_id"],
    set_={
        "step": _upsert.excluded.step,
        "version": _upsert.excluded.version,
        "history": dunning.c.history.op("||")(_upsert.excluded.history),
    },
)


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    for entry in recorded:
        match entry.event:
            case DunningStepReached() as reached:
                write(tx, _upsert, _row(entry, reached, msgspec.to_builtins(reached)))
            case DunningCleared(cleared_at=at) as cleared:
                fact = {"step": "clear", "reached_at": at.isoformat(), "debts": []}
                write(tx, _upsert, _row(entry, cleared, fact))


def _row(entry: Recorded, event: DunningStepReached | DunningCleared, fact: dict[str, Any]) -> dict[str, Any]:
    told = {"step": fact["step"], "reached_at": fact["reached_at"], "invoices": fact["debts"]}
    return {
        "tenant_id": entry.tenant_id,
        "subscription_id": event.subscription_id,
        "customer_id": event.customer_id,
        "step": fact["step"],
        "version": entry.version,
        "history": [told],
    }


def of_tenant(
    unit: UnitOfWork, *, step: str | None = None, customer_id: UUID | None = None, subscription_id: UUID | None = None
) -> Select[Any]:
    wanted = {"step": step, "customer_id": customer_id, "subscription_id": subscription_id}
    mine = select(dunning).where(dunning.c.tenant_id == unit.tenant_id)
    return mine.where(*(dunning.c[name] == value for name, value in wanted.items() if value is not None))
