"""Tax on the net lines of an invoice: by rate, rounded once per rate, or on each line where the policy says so."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, Protocol

from services.billing.domain.taxation.applied import AppliedTax
from shared.errors import DomainError
from shared.money import EXACT, Money

TaxPolicy = Literal["tax_per_rate", "tax_per_line"]
_RATE = re.compile(r"[0-9](\.[0-9]{1,12})?")


class InvalidTaxRate(DomainError):
    """Tax rates are decimal fractions of 0 to 1: 0.08875 is 8.875 %."""


class Taxable(Protocol):
    """A line after its discounts, and what is due on it: its `taxes`, and where it has none the rates, each by itself."""

    @property
    def net(self) -> Money: ...

    @property
    def tax_rates(self) -> tuple[str, ...]: ...

    @property
    def taxes(self) -> tuple[AppliedTax, ...]: ...


@dataclass(slots=True)
class _Sum:
    """Of one tax, by the factor that the nets are multiplied with, and what of it prices had in them."""

    nets: dict[Decimal, list[Money]] = field(default_factory=dict)
    included: list[Money] = field(default_factory=list)


def taxes(lines: Iterable[Taxable], currency: str, policy: TaxPolicy = "tax_per_rate") -> dict[str, Money]:
    """Tax by rate, keyed by the rate's text or by the key of the tax, zero rates included, in the order in which they come
    up.

    `tax_per_rate`: rate x sum of the rounded net lines, rounded half away from zero once per rate. `tax_per_line`:
    rounded on each line, for ledgers that need it. What is part of a price was rounded on its line.
    """
    sums: dict[str, _Sum] = {}
    for line in lines:
        for tax in line.taxes:
            if not tax.waived:
                _add(sums.setdefault(tax.key, _Sum()), tax, line.net)
        if not line.taxes:
            for rate in line.tax_rates:
                sums.setdefault(rate, _Sum()).nets.setdefault(tax_rate(rate), []).append(line.net)
    return {key: _rounded(found, currency, policy) for key, found in sums.items()}


def tax_rate(text: str, field: str = "/tax_rates") -> Decimal:
    """The rate that a text says, exact."""
    rate = Decimal(text) if _RATE.fullmatch(text) else None
    if rate is None or rate > 1:
        raise InvalidTaxRate("give a fraction of 0 to 1 with at most 12 places, such as 0.08875", field=field)
    return rate


def plain_rate(text: str) -> str:
    """One text for one rate, which tax is summed under: 0.190 is 0.19. What is no rate stays as it is, and is refused as
    that."""
    return text.rstrip("0").rstrip(".") if _RATE.fullmatch(text) and "." in text else text


def _add(found: _Sum, tax: AppliedTax, net: Money) -> None:
    if tax.included is not None:
        found.included.append(tax.included)
    else:
        found.nets.setdefault(tax.factor, []).append(net)


def _rounded(found: _Sum, currency: str, policy: TaxPolicy) -> Money:
    included = Money.total(found.included, currency)
    if policy == "tax_per_line":
        return included + Money.total((net.times(by) for by, nets in found.nets.items() for net in nets), currency)
    exact = sum((EXACT.multiply(Money.total(nets, currency).major, by) for by, nets in found.nets.items()), Decimal(0))
    return included + Money.rounded(exact, currency)
