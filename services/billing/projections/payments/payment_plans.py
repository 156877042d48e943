"""Payment plans, those that stand and those that ended, and what they ask for of an invoice on which day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, RowMapping, Select, bindparam, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from services.billing.domain.invoice import INVOICE
from services.billing.domain.payment_plan import PAYMENT_PLAN
from services.billing.domain.payment_plan.events import (
    Agreement,
    Ending,
    PaymentPlanAgreed,
    PaymentPlanBroken,
    PaymentPlanKept,
    PaymentPlanWithdrawn,
)
from services.billing.domain.payment_plan.instalments import Owing, Part, Progress, parts
from services.billing.domain.payment_plan.state import PaymentPlan, PaymentPlanNotFound, owing_of
from services.billing.tables import invoices, payment_plans
from shared.event_store import Recorded
from shared.money import Money
from shared.statements import write
from shared.unit_of_work import UnitOfWork

_insert = insert(payment_plans).on_conflict_do_nothing()


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    for entry in recorded:
        match entry.event:
            case PaymentPlanAgreed(agreement=agreement):
                write(tx, _insert, _row(entry, agreement))
            case PaymentPlanKept(ending=ending):
                _end(tx, entry, ending, "kept")
            case PaymentPlanBroken(ending=ending, missing=missing):
                _end(tx, entry, ending, "broken", missing_minor=missing.minor)
            case PaymentPlanWithdrawn(ending=ending, reason=reason):
                _end(tx, entry, ending, "withdrawn", reason=reason)


def _row(entry: Recorded, agreement: Agreement) -> dict[str, Any]:
    return {
        "tenant_id": entry.tenant_id,
        "plan_id": entry.stream_id,
        "customer_key": agreement.customer_key,
        "status": "standing",
        "version": entry.version,
        "plan": {"agreement": msgspec.to_builtins(agreement), "ending": None},
    }


def _end(tx: Connection, entry: Recorded, ending: Ending, status: str, **how: Any) -> None:
    told = {"ending": msgspec.to_builtins(ending) | {"missing_minor": 0, "reason": ""} | how}
    mine = (payment_plans.c.tenant_id == entry.tenant_id, payment_plans.c.plan_id == entry.stream_id)
    changed = payment_plans.c.plan.op("||")(bindparam(None, told, JSONB))
    tx.execute(update(payment_plans).where(*mine).values(status=status, version=entry.version, plan=changed))


def of_tenant(
    unit: UnitOfWork, *, customer: str | None = None, status: str | None = None, invoice_id: UUID | None = None
) -> Select[Any]:
    wanted = {payment_plans.c.customer_key: customer, payment_plans.c.status: status}
    mine = select(payment_plans).where(payment_plans.c.tenant_id == unit.tenant_id)
    mine = mine.where(*(column == value for column, value in wanted.items() if value is not None))
    if invoice_id is None:
        return mine
    named = {"agreement": {"invoices": [{"invoice_id": str(invoice_id)}]}}
    return mine.where(payment_plans.c.plan.op("@>")(bindparam(None, named, JSONB)))


def get(unit: UnitOfWork, plan_id: UUID) -> RowMapping:
    row = unit.tx.execute(of_tenant(unit).where(payment_plans.c.plan_id == plan_id)).mappings().first()
    if row is None:
        raise PaymentPlanNotFound("no such payment plan")
    return row


def standing_of(unit: UnitOfWork, invoice_id: UUID) -> UUID | None:
    """The plan that the invoice is paid by. What this transaction has not written yet does not change it."""
    mine = (invoices.c.tenant_id == unit.tenant_id, invoices.c.invoice_id == invoice_id)
    found = unit.session.connection.execute(select(invoices.c.payment_plan_id).where(*mine))
    plan_id: UUID | None = found.scalar_one_or_none()
    return plan_id


def progress_of(unit: UnitOfWork, agreement: Agreement) -> Progress:
    return PaymentPlan(agreement=agreement).progress(owing(unit, agreement))


def owing(unit: UnitOfWork, agreement: Agreement) -> list[Owing]:
    """What its invoices come to by now, the oldest due first."""
    ids = [invoice.invoice_id for invoice in agreement.invoices]
    unit.session.load(INVOICE, unit.tenant_id, ids)
    return [owing_of(unit.state(INVOICE, id_)) for id_ in ids]


def parts_of_plan(unit: UnitOfWork, agreement: Agreement) -> list[Part]:
    return list(parts(progress_of(unit, agreement), owing(unit, agreement)))


def parts_of(unit: UnitOfWork, plan_ids: Iterable[UUID]) -> dict[UUID, tuple[tuple[date, Money], ...]]:
    """By invoice, what is due of it when."""
    ids, found = list(dict.fromkeys(plan_ids)), dict[UUID, tuple[tuple[date, Money], ...]]()
    unit.session.load(PAYMENT_PLAN, unit.tenant_id, ids)
    for plan_id in ids:
        for part in parts_of_plan(unit, unit.state(PAYMENT_PLAN, plan_id).agreement):
            found[part.invoice_id] = (*found.get(part.invoice_id, ()), (part.due_on, part.amount))
    return found
