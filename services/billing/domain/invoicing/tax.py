"""Tax on the net lines of an invoice: by rate, rounded once per rate, or on each line where the policy says so."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Literal, Protocol

from shared.errors import DomainError
from shared.money import Money

TaxPolicy = Literal["tax_per_rate", "tax_per_line"]
_RATE = re.compile(r"[0-9](\.[0-9]{1,12})?")


class InvalidTaxRate(DomainError):
    """Tax rates are decimal fractions of 0 to 1: 0.08875 is 8.875 %."""


class Taxable(Protocol):
    """A line after its discounts, and the rates that are due on it, each by itself: they do not compound."""

    @property
    def net(self) -> Money: ...

    @property
    def tax_rates(self) -> tuple[str, ...]: ...


def taxes(lines: Iterable[Taxable], currency: str, policy: TaxPolicy = "tax_per_rate") -> dict[str, Money]:
    """Tax by rate, keyed by the rate's text, zero rates included, in the order in which the rates come up.

    `tax_per_rate`: rate x sum of the rounded net lines, rounded half away from zero once per rate. `tax_per_line`:
    rounded on each line, for ledgers that need it.
    """
    nets: dict[str, list[Money]] = {}
    for line in lines:
        for rate in line.tax_rates:
            nets.setdefault(rate, []).append(line.net)
    return {rate: _tax(tax_rate(rate), amounts, currency, policy) for rate, amounts in nets.items()}


def tax_rate(text: str, field: str = "/tax_rates") -> Decimal:
    """The rate that a text says, exact."""
    rate = Decimal(text) if _RATE.fullmatch(text) else None
    if rate is None or rate > 1:
        raise InvalidTaxRate("give a fraction of 0 to 1 with at most 12 places, such as 0.08875", field=field)
    return rate


def _tax(rate: Decimal, nets: list[Money], currency: str, policy: TaxPolicy) -> Money:
    if policy == "tax_per_line":
        return Money.total((net.times(rate) for net in nets), currency)
    return Money.total(nets, currency).times(rate)
