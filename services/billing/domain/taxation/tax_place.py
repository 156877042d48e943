"""The taxes of one place, a country or a part of one, as the seller has to charge them there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID, uuid5

from services.billing.domain.invoicing.tax import tax_rate
from services.billing.domain.taxation.rates import PlaceRates
from shared.decider import Decider
from shared.errors import DomainError, NotFound

MAX_RATES = 500
_PLACE = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,20}){0,3}")


class TaxPlaceNotFound(NotFound):
    pass


class MalformedPlace(DomainError):
    """A place is a country by ISO 3166-1, and parts of it behind hyphens: US-NY-NYC."""


class TooManyRates(DomainError):
    """What a place ever charged fits on one list."""


class RateRepeated(DomainError):
    """Of one tax on one category one rate begins on a day."""


class RateNeverInForce(DomainError):
    """What ends has begun before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PutTaxRates:
    rates: PlaceRates


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxRatesChanged:
    """All that is known of the place, earlier rates included."""

    rates: PlaceRates


def tax_place_id(tenant_id: UUID, place: str) -> UUID:
    return uuid5(tenant_id, f"tax_place:{place}")


def validate_place(place: str, field: str) -> None:
    """No place at all is one that is not known."""
    if place and not _PLACE.fullmatch(place):
        raise MalformedPlace("give a country and parts of it, such as DE or US-NY-NYC", field=field)


def decide(current: PlaceRates | None, command: PutTaxRates) -> list[TaxRatesChanged]:
    wanted = command.rates
    validate_place(wanted.place, "/place")
    if len(wanted.rates) > MAX_RATES:
        raise TooManyRates(f"list at most {MAX_RATES}", field="/rates")
    seen = set()
    for index, rate in enumerate(wanted.rates):
        tax_rate(rate.rate, f"/rates/{index}/rate")
        if rate.until_on is not None and rate.until_on <= rate.from_on:
            raise RateNeverInForce("give a day after from_on", field=f"/rates/{index}/until_on")
        if (begins := (rate.code, rate.category, rate.from_on)) in seen:
            raise RateRepeated("list one rate of a code and category for a day", field=f"/rates/{index}")
        seen.add(begins)
    return [] if wanted == current else [TaxRatesChanged(rates=wanted)]


def evolve(_: PlaceRates | None, event: TaxRatesChanged) -> PlaceRates | None:
    return event.rates


TAX_PLACE: Decider[PlaceRates | None, PutTaxRates, TaxRatesChanged] = Decider(
    "tax_place", None, decide, evolve, {"tax_rates_changed": TaxRatesChanged}
)
