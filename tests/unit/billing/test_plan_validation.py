"""Bad plans are refused, and the refusal names the field; good ones survive being stored."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from services.billing.domain.invoicing.tax import InvalidTaxRate
from services.billing.domain.plan import Charge, MinimumCommitment, PlanVersion
from services.billing.domain.plan_validation import (
    CodeRepeated,
    FlatPriceTooClever,
    LimitExceeded,
    NothingMetered,
    NothingToSell,
    OnlyByTheMonth,
    PeriodsDoNotMatch,
    validate_plan,
)
from services.billing.domain.pricing.filtered import FilteredPrice
from services.billing.domain.pricing.filtered_validation import FilterFitsAll, FilterRepeated, TooManyFilters
from services.billing.domain.pricing.limits import NegativeNumber, NotPositive
from services.billing.domain.pricing.percentage import EventsNeeded
from services.billing.domain.pricing.price import PartMissing, Price
from services.billing.domain.pricing.tier_validation import TiersOverlap
from services.billing.domain.pricing.validation import PartNotAllowed
from shared.errors import DomainError
from shared.money import CurrencyMismatch, Money, UnknownCurrency
from tests.unit.billing.gate_use import PLAN
from tests.unit.billing.prices import flat, metered, per_unit, price, tiers


def minimum(**parts: Any) -> dict[str, MinimumCommitment]:
    return {"USD": replace(PLAN.minimums["USD"], **parts)}


ONE_BLOCK = {"block_size": "100", "block_amount": "100"}


def selling(*charges: Charge) -> PlanVersion:
    return replace(PLAN, prices={"USD": charges})


def only(price: Price, **where: tuple[str, ...]) -> FilteredPrice:
    return FilteredPrice(where=where, price=price)


CHEAP = per_unit("0.5")
FILTERS: list[tuple[str, tuple[FilteredPrice, ...], type[DomainError], str]] = [
    ("of nothing", (only(CHEAP),), FilterFitsAll, "0/where"),
    ("of an unknown name", (only(CHEAP, zone=("a",)),), PartNotAllowed, "0/where/zone"),
    ("of no value", (only(CHEAP, region=()),), TooManyFilters, "0/where/region"),
    ("twice", (only(CHEAP, region=("a", "b")), only(CHEAP, region=("b",), model=("m",))), FilterRepeated, "1/where"),
    ("ill-formed", (only(per_unit("-1"), region=("a",)),), NegativeNumber, "0/price/unit_amount"),
]
REFUSED: list[tuple[str, PlanVersion, type[DomainError], str]] = [
    ("no price list", replace(PLAN, prices={}), NothingToSell, "/prices"),
    ("a year of 30 days", replace(PLAN, every="year", proration="fixed_30"), OnlyByTheMonth, "/proration"),
    ("an empty price list", selling(), NothingToSell, "/prices/USD"),
    ("an unknown currency", replace(PLAN, prices={"XXZ": PLAN.prices["USD"]}), UnknownCurrency, "/currency"),
    ("two charges of one code", selling(flat("fee", "1"), flat("fee", "2")), CodeRepeated, "/prices/USD"),
    ("no term", replace(PLAN, term_months=0), NotPositive, "/term_months"),
    ("an endless term", replace(PLAN, term_months=121), LimitExceeded, "/term_months"),
    ("too many charges", selling(*(flat(str(n), "1") for n in range(201))), LimitExceeded, "/prices/USD"),
    ("negative net days", replace(PLAN, net_days=-1), NegativeNumber, "/net_days"),
    ("a negative limit", replace(PLAN, features={"seats": -1}), NegativeNumber, "/features/seats"),
    (
        "bad tiers deep inside",
        selling(flat("fee", "1"), metered("calls", price("volume", tiers=tiers(("2", "1"), ("1", "1"), (None, "1"))))),
        TiersOverlap,
        "/prices/USD/1/price/tiers/1/up_to",
    ),
    (
        "a tax rate in percent",
        selling(flat("fee", "1", tax_rates=("0.1", "8.875"))),
        InvalidTaxRate,
        "/prices/USD/0/tax_rates/1",
    ),
    (
        "a flat charge of a value",
        selling(replace(flat("fee", "1"), price=price("percentage", percentage={"rate": "0.1"}))),
        FlatPriceTooClever,
        "/prices/USD/0/price/model",
    ),
    ("a flat charge with a meter", selling(flat("fee", "1", meter="calls")), PartNotAllowed, "/prices/USD/0/meter"),
    ("a flat charge by group", selling(flat("fee", "1", group_by=("a",))), PartNotAllowed, "/prices/USD/0/group_by"),
    (
        "a weekly fee of a monthly plan",
        selling(flat("fee", "1", every="week")),
        PeriodsDoNotMatch,
        "/prices/USD/0/every",
    ),
    (
        "a metered charge without meter",
        selling(replace(metered("calls", per_unit("1")), meter=None)),
        PartMissing,
        "/prices/USD/0/meter",
    ),
    (
        "usage in advance",
        selling(metered("calls", per_unit("1"), in_advance=True)),
        PartNotAllowed,
        "/prices/USD/0/in_advance",
    ),
    (
        "usage with a rhythm of its own",
        selling(metered("calls", per_unit("1"), every="year")),
        PartNotAllowed,
        "/prices/USD/0/every",
    ),
    *(
        (
            f"filtered prices: {name}",
            selling(metered("calls", per_unit("1"), group_by=("region", "model"), filtered_prices=filters)),
            error,
            f"/prices/USD/0/filtered_prices/{field}",
        )
        for name, filters, error, field in FILTERS
    ),
    *(
        (
            f"a {part} of usage",
            selling(
                metered(
                    "fees",
                    price(
                        "percentage",
                        percentage={"rate": "0.1", "fixed_per_event": "1", part: 2 if part == "free_events" else "2"},
                    ),
                )
            ),
            EventsNeeded,
            f"/prices/USD/0/price/percentage/{part}",
        )
        for part in ("free_events", "free_value", "minimum_per_event", "maximum_per_event")
    ),
    (
        "a minimum in another currency",
        replace(PLAN, minimums=minimum(amount=Money(1, "EUR"))),
        CurrencyMismatch,
        "/minimums/USD/amount/currency",
    ),
    (
        "a negative minimum",
        replace(PLAN, minimums=minimum(amount=Money(-1, "USD"))),
        NegativeNumber,
        "/minimums/USD/amount",
    ),
    ("a minimum of what is owed anyway", selling(flat("fee", "1")), NothingMetered, "/minimums/USD"),
    (
        "a minimum for a term by thirty days",
        replace(PLAN, proration="fixed_30", minimums=minimum(true_up="term")),
        OnlyByTheMonth,
        "/minimums/USD/true_up",
    ),
    ("a minimum named as a charge", replace(PLAN, minimums=minimum(code="distance")), CodeRepeated, "/minimums/USD"),
]


@pytest.mark.parametrize(("plan", "error", "field"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_a_bad_plan_is_refused_and_the_field_is_named(plan: PlanVersion, error: type[DomainError], field: str) -> None:
    with pytest.raises(error) as refusal:
        validate_plan(plan)
    assert refusal.value.field == field


@pytest.mark.parametrize("every", ["month", "quarter", "year", None])
def test_a_charge_may_be_billed_less_often_than_its_plan(every: Any) -> None:
    validate_plan(replace(selling(flat("fee", "1", every=every)), minimums={}))


SEATS = [
    per_unit("10", discount={"quantity": "2", "percent": "5"}, maximum_amount="1000"),
    price("graduated", tiers=tiers(("10", "5", "1"), (None, "4"))),
    price("volume", tiers=tiers(("10", "5"), (None, "4"))),
    price("package", package={"size": "5", "amount": "20", "free": "1"}),
    price("block", block_mode="top_tier", tiers=[{"blocks": 2, "block_size": "5", "block_amount": "9"}, ONE_BLOCK]),
]


@pytest.mark.parametrize("of", SEATS, ids=lambda of: of.model)
def test_seats_may_be_priced_in_steps(of: Price) -> None:
    validate_plan(replace(selling(replace(flat("seats", "1"), price=of)), minimums={}))


USED = [
    *SEATS,
    price("percentage", percentage={"rate": "0.029", "fixed_per_event": "0.30"}),
    price("percentage", percentage={"rate": "0.029", "free_value": "1000"}),
    price("graduated_percentage", tiers=[{"up_to": "1000", "rate": "0.03"}, {"rate": "0.02"}]),
    price("dynamic", multiplier="1.1"),
]


@pytest.mark.parametrize("of", USED, ids=lambda of: of.model)
def test_usage_may_be_priced_by_every_model(of: Price) -> None:
    validate_plan(replace(selling(metered("calls", of)), minimums={}))


def test_a_plan_survives_being_stored() -> None:
    validate_plan(PLAN)
    assert msgspec.convert(msgspec.to_builtins(PLAN), PlanVersion) == PLAN


def test_a_line_is_new_in_the_first_term_and_a_renewal_afterwards() -> None:
    assert flat("fee", "1").class_in_term(1) == "new"
    assert flat("fee", "1").class_in_term(2) == "renewal"
    assert flat("fee", "1", revenue_class="penalty").class_in_term(2) == "penalty"
