"""Payments with what became of them, and which invoices they pay."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Connection, Select, bindparam, exists, func, select, update
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by, insert

from services.billing.domain.invoice.events import PaymentAllocated
from services.billing.domain.payment.events import (
    CreditBought,
    CreditReturned,
    PaymentApplied,
    PaymentChargedBack,
    PaymentReceived,
    PaymentRefunded,
    PaymentWithdrawn,
    RefundFailed,
    RefundPending,
    RefundRequested,
    Returned,
)
from services.billing.domain.payment.state import PaymentNotFound
from services.billing.tables import payment_allocations, payments, refunds
from shared.event_store import Recorded
from shared.statements import write
from shared.unit_of_work import UnitOfWork

_insert = insert(payments).on_conflict_do_nothing()

_allocate = insert(payment_allocations)
_allocate = _allocate.on_conflict_do_update(
    index_elements=["tenant_id", "payment_id", "invoice_id"],
    set_={
        name: payment_allocations.c[name] + _allocate.excluded[name] for name in ("amount_minor", "credit_used_minor")
    },
)


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    for entry in recorded:
        match entry.event:
            case PaymentReceived():
                write(tx, _insert, _row(entry, entry.event))
            case PaymentApplied(invoice_id=invoice_id, invoice=number, amount=amount):
                _change(tx, entry, unapplied_minor=entry.event.unapplied.minor)
                write(tx, _allocate, _allocation(entry, entry.stream_id, invoice_id, number, amount.minor))
            case PaymentWithdrawn(returned=returned, unapplied=unapplied):
                _change(tx, entry, unapplied_minor=unapplied.minor)
                _give_back(tx, entry, [returned])
            case PaymentRefunded(amount=amount, unapplied=unapplied):
                refunded = payments.c.refunded_minor + amount.minor
                _change(tx, entry, unapplied_minor=unapplied.minor, refunded_minor=refunded)
            case RefundRequested() | RefundPending() | RefundFailed():
                _change(tx, entry)
            case PaymentChargedBack(amount=amount, unapplied=unapplied, returned=returned):
                taken = payments.c.charged_back_minor + amount.minor
                _change(tx, entry, unapplied_minor=unapplied.minor, charged_back_minor=taken)
                _give_back(tx, entry, returned)
            case CreditBought() | CreditReturned():
                _change(tx, entry, unapplied_minor=entry.event.unapplied.minor, prepaid_minor=_prepaid(entry.event))
            case PaymentAllocated(allocation_id=None):
                _of_one_invoice(tx, entry, entry.event)


def _prepaid(event: CreditBought | CreditReturned) -> Any:
    minor = event.amount.minor
    return payments.c.prepaid_minor + (minor if isinstance(event, CreditBought) else -minor)


def _row(entry: Recorded, event: PaymentReceived) -> dict[str, Any]:
    facts = event.facts
    details = {
        "method": facts.method,
        "received_on": facts.received_on.isoformat(),
        "provider": facts.provider,
        "provider_reference": facts.provider_reference,
    }
    return {
        "tenant_id": entry.tenant_id,
        "payment_id": facts.payment_id,
        "customer_id": facts.customer_id,
        "customer_key": facts.customer_key,
        "amount_minor": facts.amount.minor,
        "unapplied_minor": facts.amount.minor,
        "currency": facts.amount.currency,
        "reference": facts.reference,
        "received_at": facts.received_at,
        "version": entry.version,
        "payment": details,
    }


def _change(tx: Connection, entry: Recorded, **values: Any) -> None:
    mine = (payments.c.tenant_id == entry.tenant_id, payments.c.payment_id == entry.stream_id)
    tx.execute(update(payments).where(*mine).values(version=entry.version, **values))


def _give_back(tx: Connection, entry: Recorded, returned: Iterable[Returned]) -> None:
    for part in returned:
        row = _allocation(
            entry, entry.stream_id, part.invoice_id, part.invoice, -part.amount.minor, part.refundable.minor
        )
        write(tx, _allocate, row)


def _allocation(
    entry: Recorded, payment_id: UUID, invoice_id: UUID, number: str, minor: int, credit_used: int = 0
) -> dict[str, Any]:
    return {
        "tenant_id": entry.tenant_id,
        "payment_id": payment_id,
        "invoice_id": invoice_id,
        "invoice": number,
        "amount_minor": minor,
        "credit_used_minor": credit_used,
    }


def _of_one_invoice(tx: Connection, entry: Recorded, event: PaymentAllocated) -> None:
    """Recorded before payments had streams of their own."""
    facts = event.facts
    row = {
        "tenant_id": entry.tenant_id,
        "payment_id": event.payment_id,
        "invoice_id": facts.invoice_id,
        "customer_id": facts.party.customer_id,
        "customer_key": facts.party.key,
        "amount_minor": event.amount.minor,
        "currency": event.amount.currency,
        "reference": event.reference,
        "received_at": event.received_at,
    }
    write(tx, _insert, row)
    write(tx, _allocate, _allocation(entry, event.payment_id, facts.invoice_id, facts.number, event.amount.minor))


def of_tenant(
    unit: UnitOfWork, *, invoice_id: UUID | None = None, customer: str | None = None, unapplied: bool | None = None
) -> Select[Any]:
    """Each with its `allocations`, and what of it is promised to refunds under way."""
    mine = select(payments, _allocations(), _promised()).where(payments.c.tenant_id == unit.tenant_id)
    if invoice_id is not None:
        mine = mine.where(exists().where(*_of_payment(), payment_allocations.c.invoice_id == invoice_id))
    if customer is not None:
        mine = mine.where(payments.c.customer_key == customer)
    return mine if unapplied is None else mine.where((payments.c.unapplied_minor > 0) == unapplied)


def _allocations() -> Any:
    row = func.jsonb_build_object(
        "invoice_id",
        payment_allocations.c.invoice_id,
        "invoice",
        payment_allocations.c.invoice,
        "amount_minor",
        payment_allocations.c.amount_minor,
        type_=JSONB,
    )
    listed = func.jsonb_agg(aggregate_order_by(row, payment_allocations.c.invoice), type_=JSONB)
    paid = select(func.coalesce(listed, bindparam(None, [], JSONB), type_=JSONB))
    return paid.where(*_of_payment(), payment_allocations.c.amount_minor > 0).scalar_subquery().label("allocations")


def _promised() -> Any:
    waiting = select(func.coalesce(func.sum(refunds.c.amount_minor), 0).cast(BigInteger)).where(
        refunds.c.tenant_id == payments.c.tenant_id,
        refunds.c.payment_id == payments.c.payment_id,
        refunds.c.status.in_(["requested", "pending"]),
    )
    return waiting.scalar_subquery().label("promised_minor")


def _of_payment() -> tuple[Any, Any]:
    return (
        payment_allocations.c.tenant_id == payments.c.tenant_id,
        payment_allocations.c.payment_id == payments.c.payment_id,
    )


def get(unit: UnitOfWork, payment_id: UUID) -> dict[str, Any]:
    row = unit.tx.execute(of_tenant(unit).where(payments.c.payment_id == payment_id)).mappings().first()
    if row is None:
        raise PaymentNotFound("no such payment")
    return dict(row)


def any_charged_back(unit: UnitOfWork, payment_ids: Sequence[UUID]) -> bool:
    mine = (payments.c.tenant_id == unit.tenant_id, payments.c.payment_id.in_(payment_ids))
    taken_back = exists().where(*mine, payments.c.charged_back_minor > 0)
    return bool(unit.tx.execute(select(taken_back)).scalar())


def unapplied_of(unit: UnitOfWork, customer: str, currency: str) -> list[UUID]:
    """Payments that could pay something, the first that came in first."""
    mine = select(payments.c.payment_id).where(
        payments.c.tenant_id == unit.tenant_id,
        payments.c.customer_key == customer,
        payments.c.currency == currency,
        payments.c.unapplied_minor > 0,
    )
    return list(unit.tx.execute(mine.order_by(payments.c.received_at, payments.c.payment_id)).scalars())
