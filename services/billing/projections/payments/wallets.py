"""Wallets with what is left of them, their movements, and which of them an invoice can draw on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import BigInteger, Connection, Select, func, or_, select, update

from services.billing.domain.wallet import WALLET
from services.billing.domain.wallet.events import (
    CreditDrawn,
    CreditExpired,
    CreditGranted,
    CreditReceived,
    CreditRestored,
    CreditRevoked,
    CreditRolledOver,
    WalletWatched,
)
from services.billing.domain.wallet.state import Wallet, WalletNotFound
from services.billing.tables import wallet_movements, wallets
from shared.event_store import Recorded
from shared.moments import PlayedBack
from shared.statements import Insertion, write_rows
from shared.unit_of_work import UnitOfWork

# What moves a balance.
Movement = (
    CreditGranted | CreditDrawn | CreditRestored | CreditExpired | CreditRevoked | CreditRolledOver | CreditReceived
)

KINDS: dict[type, str] = {
    CreditGranted: "grant",
    CreditDrawn: "drawdown",
    CreditRestored: "restoration",
    CreditExpired: "expiry",
    CreditRevoked: "revocation",
    CreditRolledOver: "rollover",
    CreditReceived: "receipt",
}


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    mine = [entry for entry in recorded if type(entry.event) in KINDS]
    write_rows(tx, _WALLETS, [_row(entry, entry.event) for entry in mine if isinstance(entry.event, CreditGranted)])
    write_rows(tx, _MOVEMENTS, [_movement(entry, entry.event) for entry in mine])
    for entry in recorded:
        if type(entry.event) in KINDS and not isinstance(entry.event, CreditGranted):
            _change(tx, entry, **_changed(entry.event))
        elif isinstance(entry.event, WalletWatched):
            _change(tx, entry)


def _change(tx: Connection, entry: Recorded, **values: Any) -> None:
    same = (wallets.c.tenant_id == entry.tenant_id, wallets.c.wallet_id == entry.stream_id)
    tx.execute(update(wallets).where(*same).values(version=entry.version, **values))


THEN = PlayedBack(WALLET, project, wallets.c.wallet_id)


_MOVED = ("drawn_minor", "expired_minor", "revoked_minor", "rolled_over_minor", "received_minor")


def _row(entry: Recorded, event: CreditGranted) -> dict[str, Any]:
    facts, terms = event.facts, event.terms
    told = {
        "terms": msgspec.to_builtins(terms),
        "granted_on": event.granted_on.isoformat(),
        "reason": event.reason,
        "payment_id": msgspec.to_builtins(event.payment_id),
        "invoice_id": msgspec.to_builtins(event.invoice_id),
    }
    return {
        "tenant_id": entry.tenant_id,
        "wallet_id": entry.stream_id,
        "customer_id": facts.customer_id,
        "customer_key": facts.customer_key,
        "name": facts.name,
        "status": "usable",
        "promotional": facts.promotional,
        "currency": event.amount.currency,
        "granted_minor": event.amount.minor,
        "balance_minor": event.amount.minor,
        **dict.fromkeys(_MOVED, 0),
        "version": entry.version,
        "wallet": told,
    }


def _changed(event: Movement) -> dict[str, Any]:
    assert not isinstance(event, CreditGranted)  # that is the row itself
    left, minor = event.balance.minor, event.amount.minor
    changed: dict[str, Any] = {"balance_minor": left, "status": "usable" if left else "spent"}
    match event:
        case CreditDrawn():
            return changed | {"drawn_minor": wallets.c.drawn_minor + minor}
        case CreditRestored():
            return changed | {"drawn_minor": wallets.c.drawn_minor - minor}
        case CreditExpired():
            return changed | {"expired_minor": wallets.c.expired_minor + minor, "status": "expired"}
        case CreditRevoked():
            return changed | {"revoked_minor": wallets.c.revoked_minor + minor}
        case CreditRolledOver():
            return changed | {"rolled_over_minor": wallets.c.rolled_over_minor + minor}
        case CreditReceived():
            return changed | {"received_minor": wallets.c.received_minor + minor}


def _movement(entry: Recorded, event: Movement) -> dict[str, Any]:
    is_more = isinstance(event, CreditGranted | CreditRestored | CreditReceived)
    return {
        "tenant_id": entry.tenant_id,
        "wallet_id": entry.stream_id,
        "place": f"{entry.version:08d}",
        "kind": KINDS[type(event)],
        "moved_on": event.granted_on if isinstance(event, CreditGranted) else event.on,
        "customer_id": event.facts.customer_id,
        "customer_key": event.facts.customer_key,
        "promotional": event.facts.promotional,
        "currency": event.amount.currency,
        "amount_minor": event.amount.minor if is_more else -event.amount.minor,
        "balance_minor": event.amount.minor if isinstance(event, CreditGranted) else event.balance.minor,
        "invoice_id": event.invoice_id if isinstance(event, CreditDrawn | CreditRestored) else None,
        "movement": _told(event),
    }


def _told(event: Movement) -> dict[str, Any]:
    match event:
        case CreditDrawn(invoice=invoice, lines=lines):
            parts = [{"line": part.line, "amount_minor": part.amount.minor} for part in lines]
            return {"invoice": invoice, "lines": parts}
        case CreditRestored(invoice=invoice, document=document):
            return {"invoice": invoice, "document": document}
        case CreditGranted(reason=reason) | CreditRevoked(reason=reason):
            return {"reason": reason}
        case CreditRolledOver(to_wallet_id=other) | CreditReceived(from_wallet_id=other):
            return {"wallet_id": str(other)}
        case CreditExpired():
            return {}


def of_tenant(
    unit: UnitOfWork, *, customer: str | None = None, currency: str | None = None, status: str | None = None
) -> Select[Any]:
    mine = select(wallets).where(wallets.c.tenant_id == unit.tenant_id)
    wanted = {wallets.c.customer_key: customer, wallets.c.currency: currency, wallets.c.status: status}
    return mine.where(*(column == value for column, value in wanted.items() if value is not None))


def get(unit: UnitOfWork, wallet_id: UUID) -> dict[str, Any]:
    row = unit.tx.execute(of_tenant(unit).where(wallets.c.wallet_id == wallet_id)).mappings().first()
    if row is None:
        raise WalletNotFound("no such wallet")
    return dict(row)


def usable_of(unit: UnitOfWork, wallet_ids: Sequence[UUID], on: date) -> int:
    """What can be used of these together on a day, in minor units."""
    expires_on = wallets.c.wallet["terms"]["expires_on"].astext
    mine = select(func.coalesce(func.sum(wallets.c.balance_minor), 0).cast(BigInteger)).where(
        wallets.c.tenant_id == unit.tenant_id,
        wallets.c.wallet_id.in_(wallet_ids),
        or_(expires_on.is_(None), expires_on > on.isoformat()),
    )
    return int(unit.tx.execute(mine).scalar_one())


def movements(unit: UnitOfWork, wallet_id: UUID) -> Select[Any]:
    mine = (wallet_movements.c.tenant_id == unit.tenant_id, wallet_movements.c.wallet_id == wallet_id)
    return select(wallet_movements).where(*mine)


def running(unit: UnitOfWork, wallet: Wallet, day: date) -> UUID | None:
    """The wallet of the same charge for the period that a day is in, of which not all is gone by its own day."""
    if wallet.terms.rollover is None:
        return None
    where = {
        "tenant": unit.tenant_id,
        "customer": wallet.facts.customer_id,
        "series": str(wallet.terms.rollover.series),
        "day": day.isoformat(),
    }
    found: UUID | None = unit.tx.exec_driver_sql(_RUNNING, where).scalar_one_or_none()
    return found


_RUNNING = """
SELECT wallet_id FROM wallets
WHERE tenant_id = %(tenant)s AND customer_id = %(customer)s AND status <> 'expired'
  AND wallet -> 'terms' -> 'rollover' ->> 'series' = %(series)s
  AND wallet -> 'terms' ->> 'covers_from' <= %(day)s AND wallet -> 'terms' ->> 'covers_to' > %(day)s
ORDER BY wallet -> 'terms' ->> 'covers_from' DESC, wallet_id LIMIT 1"""

_WALLETS = Insertion(
    "wallets",
    {
        "tenant_id": "uuid",
        "wallet_id": "uuid",
        "customer_id": "uuid",
        "customer_key": "text",
        "name": "text",
        "status": "text",
        "promotional": "boolean",
        "currency": "text",
        "granted_minor": "bigint",
        "balance_minor": "bigint",
        "drawn_minor": "bigint",
        "expired_minor": "bigint",
        "revoked_minor": "bigint",
        "rolled_over_minor": "bigint",
        "received_minor": "bigint",
        "version": "int",
        "wallet": "jsonb",
    },
    "ON CONFLICT (tenant_id, wallet_id) DO NOTHING",
)

_MOVEMENTS = Insertion(
    "wallet_movements",
    {
        "tenant_id": "uuid",
        "wallet_id": "uuid",
        "place": "text",
        "kind": "text",
        "moved_on": "date",
        "customer_id": "uuid",
        "customer_key": "text",
        "promotional": "boolean",
        "currency": "text",
        "amount_minor": "bigint",
        "balance_minor": "bigint",
        "invoice_id": "uuid",
        "movement": "jsonb",
    },
    "ON CONFLICT DO NOTHING",
)
