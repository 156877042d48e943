"""What a plan has to be before anybody can buy it. Every refusal names the field that has to change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import chain

from services.billing.domain.included_credit import IncludedCredit, validate_included
from services.billing.domain.invoicing.tax import tax_rate
from services.billing.domain.outcome import OutcomeSource, validate_outcome
from services.billing.domain.plan import Charge, MinimumCommitment, PlanVersion
from services.billing.domain.pricing.filtered_validation import validate_filters
from services.billing.domain.pricing.limits import NegativeNumber, NotPositive, non_negative
from services.billing.domain.pricing.percentage import EventsNeeded, part_per_event
from services.billing.domain.pricing.price import Model, PartMissing, Price
from services.billing.domain.pricing.validation import PartNotAllowed, validate
from services.billing.domain.progressive import validate_progressive
from shared.errors import DomainError
from shared.money import CurrencyMismatch, exponent
from shared.periods import Every

MAX_CHARGES = 200
MAX_CHANNELS = 50
FLAT_MODELS: tuple[Model, ...] = ("per_unit", "graduated", "volume", "package", "block")
MAX_TERM_MONTHS = 120
_MONTHS: dict[Every, int] = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}


class NothingToSell(DomainError):
    """A plan without a charge has no price."""


class LimitExceeded(DomainError):
    """A plan has an end: of charges, and of its term."""


class CodeRepeated(DomainError):
    """Lines and meters are told apart by the code of their charge."""


class FlatPriceTooClever(DomainError):
    """A flat charge prices the quoted quantity: a share of a value, or an amount that travels with usage, is metered."""


class PeriodsDoNotMatch(DomainError):
    """A charge is billed on billing days, so its period is a whole number of billing periods."""


class NothingMetered(DomainError):
    """A minimum lifts what usage comes to, and thresholds are for it: flat charges are owed in any case. A channel may be
    sold no usage."""


class OnlyByTheMonth(DomainError):
    """`fixed_30` counts thirty days as the whole: of a quarter, or of a term, it would take 45 days for all of it."""


def validate_plan(plan: PlanVersion) -> None:
    """Raise a DomainError with the JSON pointer of the wrong field, as `/prices/USD/2/price/tiers/1/up_to`."""
    _validate_numbers(plan)
    _validate_proration(plan)
    if not plan.prices:
        raise NothingToSell("list at least one currency with its charges", field="/prices")
    if len(plan.channel_prices) > MAX_CHANNELS:
        raise LimitExceeded(f"list at most {MAX_CHANNELS} channels", field="/channel_prices")
    for at, currency, charges in plan.lists:
        _validate_charges(plan, currency, charges, at)
    for currency, minimum in plan.minimums.items():
        _validate_minimum(plan, currency, minimum)
    for currency, progressive in plan.progressive.items():
        at = f"/progressive_billing/{currency}"
        validate_progressive(progressive, at)
        plan.charges_in(currency)  # thresholds of nothing are none
        _require_metered(plan, currency, at)


def _validate_numbers(plan: PlanVersion) -> None:
    for name in ("version", "term_months"):
        if getattr(plan, name) < 1:
            raise NotPositive("give more than zero", field=f"/{name}")
    for name in ("net_days", "collect_seconds", "review_days", "trial_days"):
        if getattr(plan, name) < 0:
            raise NegativeNumber("give zero or more", field=f"/{name}")
    _validate_late_usage(plan)
    for feature, limit in plan.features.items():
        if limit is not None and limit < 0:
            raise NegativeNumber("give zero or more, or null for no limit", field=f"/features/{feature}")
    if plan.term_months > MAX_TERM_MONTHS:
        raise LimitExceeded(f"give at most {MAX_TERM_MONTHS} months", field="/term_months")


def _validate_proration(plan: PlanVersion) -> None:
    flat = (charge for charge in chain.from_iterable(plan.prices.values()) if charge.kind == "flat")
    periods = {plan.every, *(charge.every or plan.every for charge in flat)}
    if plan.proration == "fixed_30" and periods != {"month"}:
        raise OnlyByTheMonth("fixed_30 is for charges by the month; take days or seconds", field="/proration")


def _validate_late_usage(plan: PlanVersion) -> None:
    at, days = "/late_usage_days", plan.late_usage_days
    if plan.late_usage == "ignore_after" and days is None:
        raise PartMissing("say after how many days late usage is ignored", field=at)
    if plan.late_usage != "ignore_after" and days is not None:
        raise PartNotAllowed("days belong to ignore_after; leave them out", field=at)
    if days is not None and days < 0:
        raise NegativeNumber("give zero or more", field=at)
    if plan.estimate_after_days is not None and plan.estimate_after_days < 1:
        raise NotPositive("give more than zero, or leave it out to wait for usage", field="/estimate_after_days")


def _validate_charges(plan: PlanVersion, currency: str, charges: tuple[Charge, ...], at: str) -> None:
    exponent(currency)
    if not charges:
        raise NothingToSell(f"list at least one charge in {currency}", field=at)
    if len(charges) > MAX_CHARGES:
        raise LimitExceeded(f"list at most {MAX_CHARGES} charges", field=at)
    _refuse_repeated((charge.code for charge in charges), at)
    for index, charge in enumerate(charges):
        _validate_charge(plan, charge, f"{at}/{index}")


def validate_price(charge: Charge, at: str) -> None:
    """The price of a charge, and whether it suits the kind of the charge; `at` is the pointer of the price."""
    validate(charge.price, at)
    if charge.kind == "metered":
        _validate_told_by_totals(charge.price, at)
    elif charge.price.model not in FLAT_MODELS:
        raise FlatPriceTooClever(f"price a flat charge by one of {', '.join(FLAT_MODELS)}", field=f"{at}/model")


def _validate_charge(plan: PlanVersion, charge: Charge, at: str) -> None:
    validate_price(charge, f"{at}/price")
    _validate_tax(plan, charge, at)
    non_negative(charge.unit_cost, f"{at}/unit_cost")
    match charge.kind:
        case "flat":
            _validate_flat(plan, charge, at)
        case "metered":
            _validate_metered(charge, at)


def _validate_flat(plan: PlanVersion, charge: Charge, at: str) -> None:
    if charge.meter is not None:
        raise PartNotAllowed("a flat charge has no meter; leave it out", field=f"{at}/meter")
    if charge.group_by:
        raise PartNotAllowed("a flat charge has no groups; leave group_by out", field=f"{at}/group_by")
    if charge.filtered_prices:
        raise PartNotAllowed("a flat charge has no groups; leave it out", field=f"{at}/filtered_prices")
    if charge.outcome is not None:
        raise PartNotAllowed("an outcome is metered; leave it out", field=f"{at}/outcome")
    if charge.high_water and charge.in_advance:
        raise PartNotAllowed("the highest quantity is known afterwards; leave in_advance out", field=f"{at}/in_advance")
    if charge.includes is not None:
        _validate_included(charge, charge.includes, f"{at}/includes")
    _validate_period(plan.every, charge.every, f"{at}/every")


def _validate_included(charge: Charge, included: IncludedCredit, at: str) -> None:
    if not charge.in_advance:
        raise PartNotAllowed("credit is included in what is charged in advance; leave it out", field=at)
    validate_included(included, at)


def _validate_period(plan_every: Every, charge_every: Every | None, at: str) -> None:
    if charge_every in (None, plan_every):
        return
    months, billed = _MONTHS.get(charge_every or plan_every), _MONTHS.get(plan_every)
    if months is None or billed is None or months % billed:
        raise PeriodsDoNotMatch(f"give a multiple of {plan_every}, how often the plan is billed", field=at)


def _validate_metered(charge: Charge, at: str) -> None:
    if charge.outcome is not None:
        _validate_outcome(charge, charge.outcome, at)
    elif not charge.meter:
        raise PartMissing("name the meter that is charged for", field=f"{at}/meter")
    if charge.unit_cost is not None:
        raise PartNotAllowed("only a flat charge has a cost when it is quoted; leave it out", field=f"{at}/unit_cost")
    if charge.high_water:
        raise PartNotAllowed("a meter counts the highest itself; leave high_water out", field=f"{at}/high_water")
    if charge.includes is not None:
        raise PartNotAllowed("a flat charge includes credit; leave it out", field=f"{at}/includes")
    if charge.in_advance:
        raise PartNotAllowed("usage is known afterwards; leave in_advance out", field=f"{at}/in_advance")
    if charge.every is not None:
        raise PartNotAllowed("usage is billed with the plan's periods; leave every out", field=f"{at}/every")
    validate_filters(charge.filtered_prices, charge.group_by, f"{at}/filtered_prices")
    for index, filtered in enumerate(charge.filtered_prices):
        validate_price(replace(charge, price=filtered.price), f"{at}/filtered_prices/{index}/price")


def _validate_outcome(charge: Charge, outcome: OutcomeSource, at: str) -> None:
    """It is counted by what it names, in one sum."""
    if charge.meter is not None:
        raise PartNotAllowed("an outcome has no meter; leave it out", field=f"{at}/meter")
    if charge.group_by:
        raise PartNotAllowed("an outcome has no groups; leave group_by out", field=f"{at}/group_by")
    validate_outcome(outcome, f"{at}/outcome")


def _validate_told_by_totals(price: Price, at: str) -> None:
    """Usage closes a period with a value and a number of events, and never tells single ones."""
    part = price.percentage and part_per_event(price.percentage)
    if part:
        raise EventsNeeded(f"a period is billed by its total: leave {part} out", field=f"{at}/percentage/{part}")


def _validate_minimum(plan: PlanVersion, currency: str, minimum: MinimumCommitment) -> None:
    at = f"/minimums/{currency}"
    if minimum.amount.currency != currency:
        raise CurrencyMismatch(f"give the minimum in {currency}", field=f"{at}/amount/currency")
    if minimum.amount.minor < 0:
        raise NegativeNumber("give zero or more", field=f"{at}/amount")
    plan.charges_in(currency)  # a minimum of nothing is none
    for _, listed, charges in plan.lists:
        if listed == currency:
            _refuse_repeated(chain((charge.code for charge in charges), [minimum.code]), at)
    _require_metered(plan, currency, at)
    if minimum.true_up == "term" and plan.proration == "fixed_30":
        raise OnlyByTheMonth("fixed_30 is for minimums by the month; take days or seconds", field=f"{at}/true_up")
    _validate_tax(plan, minimum, at)


def _require_metered(plan: PlanVersion, currency: str, at: str) -> None:
    if all(charge.kind == "flat" for _, listed, charges in plan.lists if listed == currency for charge in charges):
        raise NothingMetered("add a metered charge, whose usage it is for, or leave it out", field=at)


def _validate_tax(plan: PlanVersion, of: Charge | MinimumCommitment, at: str) -> None:
    """A price has a category or rates of its own; in a price that includes them each rate is found once."""
    for index, rate in enumerate(of.tax_rates):
        tax_rate(rate, f"{at}/tax_rates/{index}")
    if of.tax_category is not None and of.tax_rates:
        raise PartNotAllowed("the place of the customer says which rates; leave these out", field=f"{at}/tax_rates")
    if plan.tax_inclusive and len(set(of.tax_rates)) < len(of.tax_rates):
        raise PartNotAllowed("a price includes a tax once", field=f"{at}/tax_rates")


def _refuse_repeated(codes: Iterable[str], at: str) -> None:
    seen: set[str] = set()
    for code in codes:
        if code in seen:
            raise CodeRepeated(f"{code} is used twice", field=at)
        seen.add(code)
