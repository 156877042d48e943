"""Which taxes are due: the rates of a customer's place by category and day, as they were known when a bill was made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from services.billing.domain.invoicing.tax import TaxPolicy, tax_rate
from services.billing.domain.taxation.applied import AppliedTax
from shared.money import EXACT


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxRate:
    """`rate` of a tax on what is of a category, from a day on until the next one of the same code and category begins, or
    up to, not including, `until_on`. A `compound` tax is due on the net and the taxes before it as well."""

    code: str
    category: str
    rate: str
    from_on: date
    until_on: date | None = None
    compound: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceRates:
    place: str
    rates: tuple[TaxRate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Taxation:
    """How a bill is taxed: where the customer is, the rates that are in force there, the widest place first, and whether
    tax is rounded once per rate or on each line."""

    place: str = ""
    rounding: TaxPolicy = "tax_per_rate"
    places: tuple[PlaceRates, ...] = ()

    def on(self, category: str, day: date) -> tuple[AppliedTax, ...]:
        """The taxes on a category whose tax point is that day. A tax of a narrower place stands in for the one of the same
        code of a wider place; the others add up."""
        found: dict[str, tuple[str, TaxRate]] = {}
        for each in self.places:
            for rate in _in_force(each.rates, category, day):
                found[rate.code] = each.place, rate
        return tuple(_compounded(found.values()))

    def between(self, first: date, last: date) -> Taxation:
        """Without what is not in force on any of these days, both included."""
        places = (replace(each, rates=_known(each.rates, first, last)) for each in self.places)
        return replace(self, places=tuple(each for each in places if each.rates))


def tax_point(ends_on: date, billing_on: date) -> date:
    """Which day's rate a line has: the last day of what it is for, or the billing day where that comes before."""
    return min(ends_on - timedelta(days=1), billing_on)


def places_of(place: str) -> tuple[str, ...]:
    """US-NY-NYC is in US-NY, and that in US: the widest first."""
    parts = place.split("-") if place else []
    return tuple("-".join(parts[: number + 1]) for number in range(len(parts)))


def _in_force(rates: Iterable[TaxRate], category: str, day: date) -> Iterator[TaxRate]:
    latest: dict[str, TaxRate] = {}
    for rate in rates:
        known = latest.get(rate.code)
        if rate.category == category and rate.from_on <= day and (known is None or rate.from_on > known.from_on):
            latest[rate.code] = rate
    yield from (rate for rate in latest.values() if rate.until_on is None or day < rate.until_on)


def _compounded(found: Iterable[tuple[str, TaxRate]]) -> Iterator[AppliedTax]:
    so_far = Decimal(0)
    for place, listed in found:
        rate = tax_rate(listed.rate)
        factor = EXACT.multiply(rate, EXACT.add(Decimal(1), so_far)) if listed.compound else rate
        so_far = EXACT.add(so_far, factor)
        yield AppliedTax(
            rate=listed.rate,
            factor=factor,
            code=listed.code,
            category=listed.category,
            place=place,
            since=listed.from_on,
            compound=listed.compound,
        )


def _known(rates: Iterable[TaxRate], first: date, last: date) -> tuple[TaxRate, ...]:
    """Of each code and category the last one that began by the first day, in the place of the first of them, as taxes that
    compound depend on their order; and those that begin by the last day."""
    known: dict[tuple[str, str, date], TaxRate] = {}
    for rate in rates:
        of = rate.code, rate.category, max(rate.from_on, first)
        if rate.from_on <= last and (of not in known or rate.from_on > known[of].from_on):
            known[of] = rate
    return tuple(known.values())
