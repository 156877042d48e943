"""Another price list for a plan, and what an agreed line would be with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from services.billing.domain.agreement import AgreedLine
from services.billing.domain.plan import Charge, NoPriceInCurrency, PlanVersion
from services.billing.domain.plan_validation import validate_price
from services.billing.domain.pricing.filtered import FilteredPrice
from services.billing.domain.pricing.filtered_validation import validate_filters
from services.billing.domain.pricing.percentage import part_per_event
from services.billing.domain.pricing.price import Price
from services.billing.domain.pricing.validation import PartNotAllowed, validate
from shared.errors import DomainError


class UnknownCharge(DomainError):
    """The plan never had such a charge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPrice:
    price: Price
    filtered_prices: tuple[FilteredPrice, ...] = ()

    def missing(self, charge: Charge) -> str | None:
        """What billing would have to know of usage, and does not."""
        for price in (self.price, *(filtered.price for filtered in self.filtered_prices)):
            part = price.percentage and part_per_event(price.percentage)
            if part:
                return f"{part} needs the values of single events, which billing does not have"
        named = {name for filtered in self.filtered_prices for name in filtered.where}
        unknown = sorted(named - set(charge.group_by))
        return f"usage was not told apart by {', '.join(unknown)}" if unknown else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """`prices` by currency and charge; a charge that is not named keeps its price. `versions` are those of the plan, to
    tell what was agreed otherwise."""

    plan: str
    prices: Mapping[str, Mapping[str, NewPrice]]
    versions: Mapping[int, PlanVersion]

    def sold(self, currency: str, code: str) -> Charge | None:
        """The charge as the latest version that has it lists it."""
        found = (self.listed(version, currency, code) for version in sorted(self.versions, reverse=True))
        return next((charge for charge in found if charge is not None), None)

    def listed(self, version: int, currency: str, code: str) -> Charge | None:
        try:
            charges = self.versions[version].charges_in(currency)
        except (KeyError, NoPriceInCurrency):
            return None
        return next((charge for charge in charges if charge.code == code), None)


def validate_price_list(prices: PriceList) -> None:
    """Every price is well-formed, for a charge that a version of the plan has. What of usage it asks for is told line by
    line, and no reason to refuse it. Raises a DomainError with the pointer of the wrong field."""
    for currency, named in prices.prices.items():
        for code, new in named.items():
            at = f"/prices/{currency}/{code}"
            charge = prices.sold(currency, code)
            if charge is None:
                raise UnknownCharge("name a charge that the plan has in this currency", field=at)
            _validate(new, charge, at)


def _validate(new: NewPrice, charge: Charge, at: str) -> None:
    if charge.kind == "flat":
        validate_price(replace(charge, price=new.price), f"{at}/price")
        if new.filtered_prices:
            raise PartNotAllowed("a flat charge has no groups; leave it out", field=f"{at}/filtered_prices")
        return
    validate(new.price, f"{at}/price")
    names = tuple({name for filtered in new.filtered_prices for name in filtered.where})
    validate_filters(new.filtered_prices, names, f"{at}/filtered_prices")
    for index, filtered in enumerate(new.filtered_prices):
        validate(filtered.price, f"{at}/filtered_prices/{index}/price")


@dataclass(frozen=True, slots=True)
class Repriced:
    """What a line would be: `untold` says by charge why its new amount is not known; `kept` are charges that stay."""

    agreed: AgreedLine
    line: AgreedLine
    untold: Mapping[str, str]
    kept: frozenset[str]


@dataclass(frozen=True, slots=True)
class Repricing:
    """A price list over many subscriptions. A line that several of them share is worked out once; `known` has it by
    identity, and holds it, so that nothing else is taken for it."""

    prices: PriceList
    known: dict[tuple[int, str], Repriced] = field(default_factory=dict)

    def of(self, line: AgreedLine, currency: str) -> Repriced:
        """As if it had been agreed at the new prices. Phases of a ramp keep the prices that they bring."""
        key = id(line), currency
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = self._of(line, currency)
        return found

    def _of(self, line: AgreedLine, currency: str) -> Repriced:
        untold: dict[str, str] = {}
        kept: set[str] = set()
        charges = tuple(self._charge(line, charge, currency, untold, kept) for charge in line.charges)
        new = line if charges == line.charges else replace(line, charges=charges)
        return Repriced(line, new, untold, frozenset(kept))

    def _charge(
        self, line: AgreedLine, charge: Charge, currency: str, untold: dict[str, str], kept: set[str]
    ) -> Charge:
        plan, version = _sold_as(line, charge.code)
        new = self.prices.prices.get(currency, {}).get(charge.code) if plan == self.prices.plan else None
        if new is None:
            return charge
        listed = self.prices.listed(version, currency, charge.code)
        if listed is None or (listed.price, listed.filtered_prices) != (charge.price, charge.filtered_prices):
            kept.add(charge.code)
            return charge
        missing = new.missing(charge)
        if missing is not None:
            untold[charge.code] = missing
            return charge
        return replace(charge, price=new.price, filtered_prices=new.filtered_prices)


def _sold_as(line: AgreedLine, code: str) -> tuple[str, int]:
    """The plan version that a charge of the line comes from."""
    add_on = next((add_on for add_on in line.add_ons if code in add_on.charges), None)
    return (line.plan, line.plan_version) if add_on is None else (add_on.plan, add_on.plan_version)
