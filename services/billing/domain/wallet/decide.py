"""What a wallet answers to a command. It is never below zero, and what it pays of an invoice it pays once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from services.billing.domain.wallet.commands import (
    DrawCredit,
    ExpireCredit,
    GrantCredit,
    ReceiveCredit,
    RestoreCredit,
    RevokeCredit,
    WalletCommand,
    WatchWallet,
)
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
from services.billing.domain.wallet.state import (
    CreditUnpaid,
    MalformedWallet,
    MoreThanBalance,
    Wallet,
    WalletNotFound,
)
from shared.money import Money

HIGHEST_PRIORITY_NUMBER = 999


def decide(wallet: Wallet | None, command: WalletCommand) -> list[WalletEvent]:
    match wallet, command:
        case None, GrantCredit():
            return [_granted(command)]
        case Wallet(), GrantCredit():
            return []
        case None, _:
            raise WalletNotFound("no such wallet")
        case Wallet(), DrawCredit():
            return _drawn(wallet, command)
        case Wallet(), RestoreCredit():
            return _restored(wallet, command)
        case Wallet(), ExpireCredit():
            return _expired(wallet, command)
        case Wallet(), RevokeCredit():
            return _revoked(wallet, command)
        case Wallet(), ReceiveCredit():
            return _received(wallet, command)
        case Wallet(), WatchWallet():
            return _watched(wallet)
    raise AssertionError(command)  # every command is above


def _granted(command: GrantCredit) -> CreditGranted:
    facts, terms = command.facts, command.terms
    paid_by = [id_ for id_ in (command.payment_id, command.invoice_id) if id_ is not None]
    if len(paid_by) != (0 if facts.promotional else 1):
        raise CreditUnpaid("name the payment that paid for it, or call it promotional", field="/payment_id")
    if command.amount.minor <= 0:
        raise MalformedWallet("grant more than zero", field="/amount_minor")
    if not 0 <= terms.priority <= HIGHEST_PRIORITY_NUMBER:
        raise MalformedWallet(f"a priority is 0 to {HIGHEST_PRIORITY_NUMBER}", field="/priority")
    if terms.expires_on is not None and terms.expires_on <= command.on:
        raise MalformedWallet("it has to expire after the day on which it is granted", field="/expires_on")
    return CreditGranted(
        facts=facts,
        terms=terms,
        amount=command.amount,
        granted_at=command.at,
        granted_on=command.on,
        reason=command.reason,
        payment_id=command.payment_id,
        invoice_id=command.invoice_id,
    )


def _drawn(wallet: Wallet, command: DrawCredit) -> list[WalletEvent]:
    if command.invoice_id in wallet.drawn:
        return []
    if not command.amount <= wallet.balance or command.amount.minor <= 0:
        raise MoreThanBalance(f"{command.amount} cannot be drawn of {wallet.balance}")
    return [
        CreditDrawn(
            facts=wallet.facts,
            invoice_id=command.invoice_id,
            invoice=command.invoice,
            amount=command.amount,
            lines=command.lines,
            balance=wallet.balance - command.amount,
            on=command.on,
        )
    ]


def _restored(wallet: Wallet, command: RestoreCredit) -> list[WalletEvent]:
    """What comes back to a wallet that has ended is as if it had never been drawn: it ends with it."""
    if command.restoration_id in wallet.restorations:
        return []
    if not command.amount <= wallet.drawn_by(command.invoice_id):
        raise MoreThanBalance(f"{command.amount} is more than it paid of the invoice")
    restored = CreditRestored(
        facts=wallet.facts,
        restoration_id=command.restoration_id,
        invoice_id=command.invoice_id,
        invoice=command.invoice,
        amount=command.amount,
        balance=wallet.balance + command.amount,
        document=command.document,
        on=command.on,
    )
    return [restored, _rest_expired(wallet, restored)] if wallet.has_expired else [restored]


def _rest_expired(wallet: Wallet, restored: CreditRestored) -> CreditExpired:
    nothing = Money.zero(wallet.currency)
    return CreditExpired(facts=wallet.facts, amount=restored.balance, balance=nothing, on=restored.on)


def _expired(wallet: Wallet, command: ExpireCredit) -> list[WalletEvent]:
    """Also where nothing is left: what comes back later has expired as well."""
    if not wallet.expires(command.on):
        return []
    nothing = Money.zero(wallet.currency)
    rolled = nothing if command.into is None else wallet.rolls_over(command.on)
    expired = CreditExpired(facts=wallet.facts, amount=wallet.balance - rolled, balance=nothing, on=command.on)
    return [*_rolled_over(wallet, command, rolled), expired]


def _rolled_over(wallet: Wallet, command: ExpireCredit, rolled: Money) -> Iterator[WalletEvent]:
    if command.into is not None and rolled.minor:
        left = wallet.balance - rolled
        yield CreditRolledOver(
            facts=wallet.facts, to_wallet_id=command.into, amount=rolled, balance=left, on=command.on
        )


def _received(wallet: Wallet, command: ReceiveCredit) -> list[WalletEvent]:
    if command.from_wallet_id in wallet.received:
        return []
    balance = wallet.balance + command.amount
    return [
        CreditReceived(
            facts=wallet.facts,
            from_wallet_id=command.from_wallet_id,
            amount=command.amount,
            balance=balance,
            on=command.on,
        )
    ]


def _revoked(wallet: Wallet, command: RevokeCredit) -> list[WalletEvent]:
    amount = wallet.balance if command.amount is None else min(command.amount, wallet.balance)
    if amount.minor <= 0:
        return []
    return [
        CreditRevoked(
            facts=wallet.facts,
            amount=amount,
            balance=wallet.balance - amount,
            reason=command.reason,
            on=command.on,
            payment_id=wallet.payment_id,
        )
    ]


def _watched(wallet: Wallet) -> list[WalletEvent]:
    if wallet.facts.topped_up_as is not None:
        return []
    return [WalletWatched(facts=replace(wallet.facts, topped_up_as=wallet.facts.wallet_id))]
