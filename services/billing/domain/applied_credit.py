"""What wallets paid of an invoice, wallet by wallet and line by line, and what of it goes back to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidLine:
    """The part of a line that credit paid; line 0 is the tax of the invoice."""

    line: int
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedCredit:
    """What one wallet paid when the invoice was issued; `wallet` is its name."""

    wallet_id: UUID
    wallet: str
    promotional: bool
    amount: Money
    lines: tuple[PaidLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoredCredit:
    """What goes back to a wallet, because the invoice is void or asks for less."""

    wallet_id: UUID
    amount: Money


def taken_back(
    credit: Sequence[AppliedCredit], restored: Mapping[UUID, Money], amount: Money
) -> Iterator[RestoredCredit]:
    """At most so much of what still pays the invoice; the wallet that was drawn last has it back first."""
    for each in reversed(credit):
        left = each.amount - restored.get(each.wallet_id, Money.zero(amount.currency))
        part = min(amount, left)
        if part.minor > 0:
            yield RestoredCredit(wallet_id=each.wallet_id, amount=part)
            amount = amount - part


def with_restored(before: Mapping[UUID, Money], restored: Sequence[RestoredCredit]) -> dict[UUID, Money]:
    """By wallet, all that has gone back to it."""
    found = dict(before)
    for each in restored:
        found[each.wallet_id] = found.get(each.wallet_id, Money.zero(each.amount.currency)) + each.amount
    return found
