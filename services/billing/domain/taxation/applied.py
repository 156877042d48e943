"""A tax as it is due on one line, and the arithmetic of those that are part of a price."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from shared.money import EXACT, Money

# Of the tax in a price, rounded away long before the minor unit is: one division, last.
_ONE = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedTax:
    """`factor` times the net is the tax: the `rate`, or, where it compounds, the rate on the net and the taxes before it.

    `code` names the tax of a `place` on a `category`, which has had that rate `since` a day; without it the rate stands on
    the price itself. `included` is what of the price it is, where prices are told with tax. What is `waived` is not charged.
    """

    rate: str
    factor: Decimal
    code: str = ""
    category: str = ""
    place: str = ""
    since: date | None = None
    compound: bool = False
    included: Money | None = None
    waived: bool = False

    @property
    def key(self) -> str:
        """What it is summed under on an invoice, and in the ledger."""
        return f"{self.place} {self.code} {self.category} {self.rate}" if self.code else self.rate


def charged_keys(taxes: Iterable[AppliedTax]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tax.key for tax in taxes if not tax.waived))


def included_in(taxes: Iterable[AppliedTax], currency: str) -> Money:
    return Money.total((tax.included for tax in taxes if tax.included is not None), currency)


def taken_out(price: Money, taxes: Sequence[AppliedTax]) -> tuple[AppliedTax, ...]:
    """The taxes with what of a price each is: price x factor / (1 + all factors), rounded half away from zero once. What is
    left of the price is the net, so that net and taxes are the price to the minor unit."""
    whole = EXACT.add(_ONE, sum((tax.factor for tax in taxes), Decimal(0)))
    return tuple(replace(tax, included=_part(price, tax.factor, whole)) for tax in taxes)


def _part(price: Money, factor: Decimal, whole: Decimal) -> Money:
    exact = EXACT.divide(EXACT.multiply(Decimal(price.minor), factor), whole)
    return Money(int(exact.quantize(_ONE, ROUND_HALF_UP, EXACT)), price.currency)


def negated(taxes: Iterable[AppliedTax]) -> tuple[AppliedTax, ...]:
    return tuple(replace(tax, included=-tax.included) if tax.included is not None else tax for tax in taxes)


def added(taxes: Iterable[AppliedTax], more: Iterable[AppliedTax]) -> tuple[AppliedTax, ...]:
    """Those of one line and of another part of the same line; where only one has a tax, it stands as it is."""
    found = {(tax.key, tax.waived): tax for tax in taxes}
    for tax in more:
        known = found.get(place := (tax.key, tax.waived))
        if known is not None and known.included is not None and tax.included is not None:
            tax = replace(known, included=known.included + tax.included)
        found[place] = known if known is not None and tax.included is None else tax
    return tuple(found.values())
