"""What a document tells the tax office: how much of it is taxed with what, or not taxed and why, to be summed by month."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from services.billing.domain.invoice_line import InvoiceLine
from services.billing.domain.tax_status import TaxStatus
from services.billing.domain.taxation.applied import AppliedTax
from shared.money import Money

# Why what is not taxed is not: the status of the customer, or that no rate was found.
CHARGED, NO_RATE = "charged", "no_rate"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxedAmount:
    """`taxable` net and the `tax` on it. `tax_rate` is what the tax is posted under, and None where nothing is charged."""

    taxable: Money
    tax: Money
    treatment: str
    tax_rate: str | None = None
    place: str = ""
    code: str = ""
    category: str = ""
    rate: str | None = None


def taxed_amounts(
    lines: Iterable[InvoiceLine], taxes: Mapping[str, Money], status: TaxStatus | None
) -> Iterator[TaxedAmount]:
    """Of one document: an amount for each tax on each line, without tax, and each tax once, as it was rounded."""
    known: dict[str, AppliedTax] = {}
    for line in lines:
        known |= {tax.key: tax for tax in line.taxes}
        nothing = Money.zero(line.amount.currency)
        for key in line.tax_rates:
            yield _amount(key, known.get(key), line.amount, nothing)
        if not line.tax_rates:
            yield from _untaxed(line, status)
    for key, tax in sorted(taxes.items()):
        yield _amount(key, known.get(key), Money.zero(tax.currency), tax)


def _amount(key: str, applied: AppliedTax | None, taxable: Money, tax: Money) -> TaxedAmount:
    if applied is None:
        return TaxedAmount(taxable=taxable, tax=tax, treatment=CHARGED, tax_rate=key, rate=key)
    return TaxedAmount(
        taxable=taxable,
        tax=tax,
        treatment=CHARGED,
        tax_rate=key,
        place=applied.place,
        code=applied.code,
        category=applied.category,
        rate=applied.rate,
    )


def _untaxed(line: InvoiceLine, status: TaxStatus | None) -> Iterator[TaxedAmount]:
    """Under the place that would have taxed it, where that is known."""
    place = next((tax.place for tax in line.taxes), "")
    treatment = status.treatment if status and line.kind != "late_fee" else NO_RATE
    nothing = Money.zero(line.amount.currency)
    yield TaxedAmount(
        taxable=line.amount, tax=nothing, treatment=treatment, place=place, category=line.tax_category or ""
    )


def added_up(amounts: Iterable[TaxedAmount]) -> tuple[TaxedAmount, ...]:
    """One amount for each tax, and for each reason why there is none; without what comes to nothing."""
    sums: dict[tuple[str | None, ...], TaxedAmount] = {}
    for each in amounts:
        key = (each.tax_rate, each.treatment, each.place, each.category, each.code)
        known = sums.get(key)
        sums[key] = each if known is None else _sum(known, each)
    return tuple(each for each in sums.values() if each.taxable.minor or each.tax.minor)


def _sum(one: TaxedAmount, other: TaxedAmount) -> TaxedAmount:
    return TaxedAmount(
        taxable=one.taxable + other.taxable,
        tax=one.tax + other.tax,
        treatment=one.treatment,
        tax_rate=one.tax_rate,
        place=one.place,
        code=one.code,
        category=one.category,
        rate=one.rate,
    )
