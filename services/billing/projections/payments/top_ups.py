"""The rules that top wallets up, whether they buy, and why they do not any more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, RowMapping, Select, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from services.billing.domain.payment_profile import PAYMENT_PROFILE, PaymentProfile
from services.billing.domain.top_up.commands import CheckBalance
from services.billing.domain.top_up.events import (
    CreditPurchased,
    CreditPurchaseFailed,
    CreditPurchasePending,
    CreditPurchaseRequested,
    Purchase,
    Receipt,
    TopUpHeld,
    TopUpSet,
    TopUpStopped,
    TopUpSwitchedOff,
)
from services.billing.domain.top_up.state import TopUp, TopUpNotFound
from services.billing.projections.payments import payments, wallets
from services.billing.tables import top_ups
from shared.event_store import Recorded
from shared.money import Money
from shared.periods import local_day
from shared.statements import write
from shared.unit_of_work import UnitOfWork

_upsert = insert(top_ups)
_upsert = _upsert.on_conflict_do_update(
    index_elements=["tenant_id", "wallet_id"],
    set_={name: _upsert.excluded[name] for name in ("status", "version")}
    | {"top_up": top_ups.c.top_up.op("||")(_upsert.excluded.top_up)},
)


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    for entry in recorded:
        match entry.event:
            case TopUpSet():
                write(tx, _upsert, _row(entry, entry.event))
            case TopUpSwitchedOff(reason=reason):
                _change(tx, entry, "off", reason=reason, by=_by(entry))
            case TopUpHeld(until=until):
                _change(tx, entry, "held", held_until=until.isoformat())
            case TopUpStopped(stopped_for=why, reason=reason):
                _change(tx, entry, "stopped", stopped_for=why, reason=reason, by="")
            case CreditPurchaseRequested():
                _change(tx, entry, "active", held_until=None)
            case CreditPurchased(purchase=purchase, receipt=Receipt() as receipt):
                _receipt(tx, entry, purchase, receipt)
            case CreditPurchasePending() | CreditPurchased() | CreditPurchaseFailed():
                _change(tx, entry)


def _row(entry: Recorded, event: TopUpSet) -> dict[str, Any]:
    told = {"rule": msgspec.to_builtins(event.rule), "reason": event.reason, "by": _by(entry)}
    return {
        "tenant_id": entry.tenant_id,
        "wallet_id": entry.stream_id,
        "customer_key": event.facts.customer_key,
        "status": "active",
        "version": entry.version,
        "top_up": told | {"stopped_for": None, "held_until": None},
    }


def _by(entry: Recorded) -> str:
    return str(entry.cause.context.get("principal", ""))


def _receipt(tx: Connection, entry: Recorded, purchase: Purchase, receipt: Receipt) -> None:
    """By purchase, with those that the rule had before; a rule that has bought nothing with one says nothing of them."""
    mine = (top_ups.c.tenant_id == entry.tenant_id, top_ups.c.wallet_id == entry.stream_id)
    told = {str(purchase.key): msgspec.to_builtins(receipt)}
    before = func.coalesce(top_ups.c.top_up["receipts"], bindparam(None, {}, JSONB))
    receipts = func.jsonb_build_object("receipts", before.op("||")(bindparam(None, told, JSONB)))
    values = {"version": entry.version, "top_up": top_ups.c.top_up.op("||")(receipts)}
    tx.execute(update(top_ups).where(*mine).values(values))


def receipts_of(unit: UnitOfWork, wallet_id: UUID) -> dict[str, dict[str, Any]]:
    """By purchase; none of one that was made before there were receipts."""
    row = unit.tx.execute(of_tenant(unit).where(top_ups.c.wallet_id == wallet_id)).mappings().first()
    found: dict[str, dict[str, Any]] = row["top_up"].get("receipts", {}) if row else {}
    return found


def _change(tx: Connection, entry: Recorded, status: str | None = None, **told: Any) -> None:
    mine = (top_ups.c.tenant_id == entry.tenant_id, top_ups.c.wallet_id == entry.stream_id)
    changed = top_ups.c.top_up.op("||")(bindparam(None, told, JSONB))
    values = {"status": status or top_ups.c.status, "version": entry.version, "top_up": changed}
    tx.execute(update(top_ups).where(*mine).values(values))


def of_tenant(unit: UnitOfWork, *, customer: str | None = None, status: str | None = None) -> Select[Any]:
    wanted = {top_ups.c.customer_key: customer, top_ups.c.status: status}
    mine = select(top_ups).where(top_ups.c.tenant_id == unit.tenant_id)
    return mine.where(*(column == value for column, value in wanted.items() if value is not None))


def check_of(unit: UnitOfWork, top_up: TopUp) -> CheckBalance:
    """What there is to know of a balance by now."""
    facts = top_up.facts
    left = wallets.usable_of(unit, top_up.wallets, local_day(unit.now, facts.zone))
    profile: PaymentProfile = unit.state(PAYMENT_PROFILE, facts.customer_id)
    return CheckBalance(
        balance=Money(left, top_up.rule.amount.currency),
        method=profile.method if profile.autopay else None,
        taken_back=payments.any_charged_back(unit, top_up.payments),
        at=unit.now,
    )


def get(unit: UnitOfWork, wallet_id: UUID) -> RowMapping:
    row = unit.tx.execute(of_tenant(unit).where(top_ups.c.wallet_id == wallet_id)).mappings().first()
    if row is None:
        raise TopUpNotFound("the wallet has no such rule")
    return row
