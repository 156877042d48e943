"""Prepaid credit that pays an invoice: which wallet gives how much, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from services.billing.domain.pricing.limits import TooManyPlaces, non_negative
from shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Wallet:
    """`expires_on` is the first day on which the credit is worth nothing; `applies_to` names lines, None for all."""

    id: str
    balance: Money
    priority: int = 50
    expires_on: date | None = None
    promotional: bool = False
    applies_to: tuple[str, ...] | None = None


def exact_balance(amount: Decimal, currency: str, at: str) -> Money:
    """A balance in major units, which is never negative and has no parts of a minor unit."""
    non_negative(amount, at)
    balance = Money.rounded(amount, currency)
    if balance.major != amount:
        raise TooManyPlaces(f"{currency} has fewer decimal places", field=at)
    return balance


def draw_down(due: Money, nets: Mapping[str, Money], wallets: Iterable[Wallet], on: date | None) -> dict[str, Money]:
    """What each wallet gives towards `due`, by its id; those that give nothing are left out.

    Lower priority number first, then earliest expiry, promotional before paid, order given. A restricted wallet gives
    at most the net of its lines (`nets` by line id), less what restricted wallets before it paid of the same lines.
    `on` is the billing day; without it nothing expires.
    """
    left, drawn = dict(nets), {}
    for wallet in sorted(wallets, key=_order):
        cap = due if wallet.applies_to is None else min(due, _net(left, wallet.applies_to, due.currency))
        given = max(Money.zero(due.currency), min(cap, wallet.balance))
        if given.minor and not _has_expired(wallet, on):
            drawn[wallet.id] = given
            due -= given
            _pay(left, wallet.applies_to or (), given)
    return drawn


def shared_out(
    drawn: Mapping[str, Money], wallets: Iterable[Wallet], nets: Mapping[str, Money], rest: Money
) -> dict[str, list[tuple[str | None, Money]]]:
    """Which lines what was drawn pays, by wallet: restricted ones their own, then the others what is left, in the order of
    the lines and at last the `rest`, such as tax, which has no id. Lines below zero are paid by nobody."""
    left: dict[str | None, Money] = {line: net for line, net in nets.items() if net.minor > 0}
    if rest.minor > 0:
        left[None] = rest
    by_restriction = sorted(wallets, key=lambda wallet: (wallet.applies_to is None, *_order(wallet)))
    found = {
        each.id: list(_parts(left, each.applies_to, drawn[each.id])) for each in by_restriction if each.id in drawn
    }
    return {id_: found[id_] for id_ in drawn}


def _parts(
    left: dict[str | None, Money], lines: Iterable[str] | None, amount: Money
) -> Iterator[tuple[str | None, Money]]:
    for line in list(left) if lines is None else lines:
        part = min(amount, left.get(line, Money.zero(amount.currency)))
        if part.minor > 0:
            left[line] -= part
            amount -= part
            yield line, part


def _order(wallet: Wallet) -> tuple[int, date, bool]:
    return wallet.priority, wallet.expires_on or date.max, not wallet.promotional


def _has_expired(wallet: Wallet, on: date | None) -> bool:
    return on is not None and wallet.expires_on is not None and wallet.expires_on <= on


def _net(nets: Mapping[str, Money], lines: Iterable[str], currency: str) -> Money:
    return Money.total((nets[line] for line in dict.fromkeys(lines) if line in nets), currency)


def _pay(left: dict[str, Money], lines: Iterable[str], amount: Money) -> None:
    """Takes the amount off the lines, in their order, so that it is not paid twice."""
    for line in lines:
        part = min(amount, left.get(line, Money.zero(amount.currency)))
        if part.minor > 0:
            left[line] -= part
            amount -= part
