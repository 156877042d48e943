"""Purchases of credit by a rule: those that wait for a worker, those that wait for a webhook, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Select, and_, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from services.billing.domain.top_up.events import (
    CreditPurchased,
    CreditPurchaseFailed,
    CreditPurchasePending,
    CreditPurchaseRequested,
    Purchase,
    purchase_key,
)
from services.billing.tables import credit_purchases
from shared.event_store import Recorded
from shared.statements import write
from shared.unit_of_work import UnitOfWork

_insert = insert(credit_purchases).on_conflict_do_nothing()


class WaitingPurchase(NamedTuple):
    tenant_id: UUID
    wallet_id: UUID
    key: UUID


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    for entry in recorded:
        match entry.event:
            case CreditPurchaseRequested(purchase=purchase):
                write(tx, _insert, _row(entry, purchase))
            case CreditPurchasePending(purchase=purchase, reference=reference):
                _change(tx, entry, purchase, status="pending", reference=reference)
            case CreditPurchased(purchase=purchase, reference=reference, payment_id=payment_id):
                _change(tx, entry, purchase, status="succeeded", reference=reference, payment_id=payment_id)
            case CreditPurchaseFailed(purchase=purchase, reference=reference, reason=reason):
                _change(tx, entry, purchase, status="failed", reference=reference, reason=reason)


def _row(entry: Recorded, purchase: Purchase) -> dict[str, Any]:
    return {
        "tenant_id": entry.tenant_id,
        "purchase_id": purchase.key,
        "wallet_id": purchase.facts.wallet_id,
        "customer_key": purchase.facts.customer_key,
        "number": purchase.number,
        "status": "requested",
        "provider": purchase.method.provider,
        "amount_minor": purchase.amount.minor,
        "left_minor": purchase.left.minor,
        "currency": purchase.amount.currency,
        "requested_at": purchase.requested_at,
    }


def _change(tx: Connection, entry: Recorded, purchase: Purchase, **values: Any) -> None:
    mine = (credit_purchases.c.tenant_id == entry.tenant_id, credit_purchases.c.purchase_id == purchase.key)
    tx.execute(update(credit_purchases).where(*mine).values(**values))


def of_wallet(unit: UnitOfWork, wallet_id: UUID) -> Select[Any]:
    mine = (credit_purchases.c.tenant_id == unit.tenant_id, credit_purchases.c.wallet_id == wallet_id)
    return select(credit_purchases).where(*mine)


def waiting_for(unit: UnitOfWork, provider: str, reference: str, name: str | None) -> UUID | None:
    """The wallet for which a charge buys credit, where it is one of ours: the answer that names a charge may come after the
    webhook that tells of it, and then it is known by what it was said to be for."""
    pending = and_(credit_purchases.c.status == "pending", credit_purchases.c.reference == reference)
    key = None if name is None else purchase_key(name)
    is_asked = and_(credit_purchases.c.status == "requested", credit_purchases.c.purchase_id == key)
    mine = select(credit_purchases.c.wallet_id).where(
        credit_purchases.c.tenant_id == unit.tenant_id,
        credit_purchases.c.provider == provider,
        pending if key is None else or_(pending, is_asked),
    )
    found: UUID | None = unit.tx.execute(mine).scalar()
    return found


def with_status(tx: Connection, status: str, limit: int) -> list[WaitingPurchase]:
    """Of all tenants, the oldest first: for the worker."""
    rows = select(credit_purchases.c.tenant_id, credit_purchases.c.wallet_id, credit_purchases.c.purchase_id)
    rows = rows.where(credit_purchases.c.status == status)
    rows = rows.order_by(credit_purchases.c.requested_at, credit_purchases.c.purchase_id).limit(limit)
    return [WaitingPurchase(*row) for row in tx.execute(rows)]
