"""How each fact changes a wallet."""

from __future__ import annotations

from dataclasses import replace

from services.billing.domain.wallet.events import (
    CreditDrawn,
    CreditExpired,
    CreditGranted,
    CreditReceived,
    CreditRestored,
    CreditRevoked,
    CreditRolledOver,
    WalletEvent,
    WalletWatched,
)
from services.billing.domain.wallet.state import Wallet
from shared.decider import CorruptStream
from shared.money import Money


def evolve(wallet: Wallet | None, event: WalletEvent) -> Wallet:
    match wallet, event:
        case None, CreditGranted():
            return _granted(event)
        case Wallet(), CreditDrawn(invoice_id=invoice_id, amount=amount, balance=balance):
            return replace(wallet, balance=balance, drawn=wallet.drawn | {invoice_id: amount})
        case Wallet(), CreditRestored(invoice_id=invoice_id, amount=amount, balance=balance):
            drawn = wallet.drawn | {invoice_id: wallet.drawn_by(invoice_id) - amount}
            done = (*wallet.restorations, event.restoration_id)
            return replace(wallet, balance=balance, drawn=drawn, restorations=done)
        case Wallet(), CreditExpired(amount=amount, balance=balance):
            return replace(wallet, balance=balance, expired=wallet.expired + amount, has_expired=True)
        case Wallet(), CreditRevoked(amount=amount, balance=balance):
            return replace(wallet, balance=balance, revoked=wallet.revoked + amount)
        case Wallet(), CreditRolledOver(amount=amount, balance=balance):
            return replace(wallet, balance=balance, rolled_over=wallet.rolled_over + amount)
        case Wallet(), CreditReceived(from_wallet_id=from_id, amount=amount, balance=balance):
            return replace(wallet, balance=balance, received=wallet.received | {from_id: amount})
        case Wallet(), WalletWatched(facts=facts):
            return replace(wallet, facts=facts)
        case _:
            raise CorruptStream(wallet, event)


def _granted(event: CreditGranted) -> Wallet:
    nothing = Money.zero(event.amount.currency)
    return Wallet(
        facts=event.facts,
        terms=event.terms,
        granted_at=event.granted_at,
        granted=event.amount,
        balance=event.amount,
        expired=nothing,
        revoked=nothing,
        rolled_over=nothing,
        payment_id=event.payment_id,
    )
