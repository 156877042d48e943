"""What customers mean to spend on their cost centres, and which share of it was told to be billed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, Select, bindparam, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from services.billing.domain.budget import BUDGET
from services.billing.domain.budget.events import BudgetReached, BudgetSet, BudgetWithdrawn
from services.billing.domain.budget.state import BudgetNotFound
from services.billing.tables import budgets
from shared.event_store import Recorded
from shared.moments import PlayedBack
from shared.statements import write
from shared.unit_of_work import UnitOfWork

_upsert = insert(budgets)
_upsert = _upsert.on_conflict_do_update(
    index_elements=["tenant_id", "budget_id"],
    set_={name: _upsert.excluded[name] for name in ("currency", "amount_minor", "status", "version", "budget")},
)


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    for entry in recorded:
        match entry.event:
            case BudgetSet():
                write(tx, _upsert, _row(entry, entry.event))
            case BudgetReached(percent=percent, reached_at=at):
                _change(tx, entry, reached_percent=percent, reached_at=at.isoformat())
            case BudgetWithdrawn(reason=reason):
                _change(tx, entry, "withdrawn", reason=reason, by=_by(entry))


def _row(entry: Recorded, event: BudgetSet) -> dict[str, Any]:
    facts = event.facts
    told = {"alert_percents": list(event.alert_percents), "reason": event.reason, "by": _by(entry)}
    return {
        "tenant_id": entry.tenant_id,
        "budget_id": entry.stream_id,
        "customer_id": facts.customer_id,
        "customer_key": facts.customer_key,
        "cost_centre": facts.cost_centre,
        "period": facts.period,
        "starts_on": facts.days.start,
        "ends_on": facts.days.end,
        "currency": event.amount.currency,
        "amount_minor": event.amount.minor,
        "status": "active",
        "version": entry.version,
        "budget": told | {"reached_percent": 0, "reached_at": None},
    }


def _by(entry: Recorded) -> str:
    return str(entry.cause.context.get("principal", ""))


def _change(tx: Connection, entry: Recorded, status: str | None = None, **told: Any) -> None:
    mine = (budgets.c.tenant_id == entry.tenant_id, budgets.c.budget_id == entry.stream_id)
    changed = budgets.c.budget.op("||")(bindparam(None, told, JSONB))
    values = {"status": status or budgets.c.status, "version": entry.version, "budget": changed}
    tx.execute(update(budgets).where(*mine).values(values))


THEN = PlayedBack(BUDGET, project, budgets.c.budget_id)


def of_tenant(unit: UnitOfWork, **wanted: str | None) -> Select[Any]:
    """Those that match every filter that is given; names are columns."""
    mine = select(budgets).where(budgets.c.tenant_id == unit.tenant_id)
    return mine.where(*(budgets.c[name] == value for name, value in wanted.items() if value is not None))


def get(unit: UnitOfWork, budget_id: UUID) -> RowMapping:
    row = unit.tx.execute(of_tenant(unit).where(budgets.c.budget_id == budget_id)).mappings().first()
    if row is None:
        raise BudgetNotFound("no such budget: put it first")
    return row


def standing(
    unit: UnitOfWork, customer_id: UUID, cost_centres: Sequence[str], first: date, last: date = date.max
) -> Sequence[RowMapping]:
    """The active ones for these cost centres that have a day from the `first` to the `last`."""
    mine = of_tenant(unit, status="active").where(
        budgets.c.customer_id == customer_id,
        budgets.c.cost_centre.in_(cost_centres),
        budgets.c.starts_on <= last,
        budgets.c.ends_on > first,
    )
    order = (budgets.c.cost_centre, budgets.c.starts_on, budgets.c.ends_on)
    return unit.tx.execute(mine.order_by(*order)).mappings().all()
