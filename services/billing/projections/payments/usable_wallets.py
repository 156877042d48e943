"""Which wallets an invoice can draw on: asked of the database once, and told of what the same transaction does."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from uuid import UUID

from services.billing.domain.agreement import Party
from services.billing.domain.wallet import WALLET
from services.billing.domain.wallet.state import Wallet
from shared.event_store import StreamKey
from shared.statements import ahead
from shared.unit_of_work import UnitOfWork


@dataclass(slots=True)
class _Known:
    """By customer, wallets that had something left, and those that this transaction has met: it may have granted or
    restored them. The first `seen` of its streams have been looked at."""

    asked: dict[UUID, list[UUID]] = field(default_factory=dict)
    met: dict[UUID, list[UUID]] = field(default_factory=dict)
    seen: int = 0


def usable(unit: UnitOfWork, party: Party) -> list[Wallet]:
    """Those of a customer, in their currency, that have something left. The first that asks in a transaction asks for
    everybody whom the transaction knows, so that a bill run asks once."""
    known: _Known = unit.session.kept.setdefault(("wallets", unit.tenant_id), _Known())
    if party.customer_id not in known.asked:
        _ask(unit, known, party.customer_id)
    _meet(unit, known)
    ids = dict.fromkeys([*known.asked[party.customer_id], *known.met.get(party.customer_id, ())])
    states: list[Wallet] = [unit.state(WALLET, id_) for id_ in ids]
    return [wallet for wallet in states if wallet.currency == party.currency and wallet.balance.minor]


def _ask(unit: UnitOfWork, known: _Known, customer_id: UUID) -> None:
    streams = unit.session.streams
    met = (key.stream_id for key in streams if (key.tenant_id, key.category) == (unit.tenant_id, "customer"))
    customers = {customer_id, *met} - known.asked.keys()
    rows = ahead(unit.session.connection, _USABLE, {"tenant": unit.tenant_id, "customers": list(customers)}).fetchall()
    known.asked |= {id_: [] for id_ in customers}
    for owner, wallet_id in rows:
        known.asked[owner].append(wallet_id)
    unit.session.load(WALLET, unit.tenant_id, [wallet_id for _, wallet_id in rows])


def _meet(unit: UnitOfWork, known: _Known) -> None:
    streams = unit.session.streams
    new: list[StreamKey] = [*islice(reversed(streams), len(streams) - known.seen)][::-1]
    known.seen = len(streams)
    for key in new:
        if (key.tenant_id, key.category) == (unit.tenant_id, WALLET.category):
            wallet: Wallet | None = streams[key].state
            if wallet is not None:
                known.met.setdefault(wallet.facts.customer_id, []).append(key.stream_id)


_USABLE = """
SELECT customer_id, wallet_id FROM wallets
WHERE tenant_id = %(tenant)s AND customer_id = ANY(%(customers)s) AND balance_minor > 0
ORDER BY wallet_id"""
