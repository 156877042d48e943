"""What a plan version says: its charges in each currency, and the terms that a subscription to it follows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from services.billing.domain.included_credit import IncludedCredit
from services.billing.domain.late_usage import LateUsagePolicy
from services.billing.domain.outcome import OutcomeSource
from services.billing.domain.pricing.filtered import FilteredPrice
from services.billing.domain.pricing.price import Price
from services.billing.domain.progressive import ProgressiveBilling
from services.billing.domain.proration import ProrationPolicy
from shared.errors import DomainError
from shared.money import Money
from shared.periods import Every

ChargeKind = Literal["flat", "metered"]
# What a minimum is for, and when what is lacking is charged: at the end of each billing period, or of the term.
TrueUp = Literal["period", "term"]
RevenueClass = Literal["new", "renewal", "penalty", "late_fee", "special_project_overdue"]


class NoPriceInChannel(DomainError):
    """What a channel pays is never guessed from what others pay."""


class NoPriceInCurrency(DomainError):
    """Nothing is converted in silence: a plan is sold in the currencies it has prices in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One thing that is charged for.

    flat: `price` on the quoted quantity, for each period of `every` (the plan's, if None).
    metered: `price` on what `meter` counted in the billing period, each value of `group_by` by itself, in arrears. A
    group that one of `filtered_prices` fits has that price instead.
    `tax_rates` are decimal fractions as text ("0.08875"); they do not compound. With a `tax_category` the rates are those
    of the customer's place instead. Without `revenue_class` a line is `new`
    in the first term and `renewal` afterwards. `unit_cost` is what a unit of a flat charge costs us in one of its periods,
    in major units; None is not known. With `high_water` a flat charge in arrears is for the highest quantity of the period.
    `includes` is credit that a flat charge in advance grants for each of its periods. A metered charge with an `outcome` has
    no meter: its price is on the value of that.
    """

    code: str
    name: str
    kind: ChargeKind
    price: Price
    every: Every | None = None
    in_advance: bool = False
    meter: str | None = None
    group_by: tuple[str, ...] = ()
    tax_rates: tuple[str, ...] = ()
    revenue_class: RevenueClass | None = None
    filtered_prices: tuple[FilteredPrice, ...] = ()
    unit_cost: Decimal | None = None
    high_water: bool = False
    tax_category: str | None = None
    includes: IncludedCredit | None = None
    outcome: OutcomeSource | None = None

    def class_in_term(self, term_number: int) -> RevenueClass:
        return self.revenue_class or ("new" if term_number == 1 else "renewal")


@dataclass(frozen=True, slots=True, kw_only=True)
class MinimumCommitment:
    """What the metered charges of a full billing period, or of a full term, add up to at least; the difference is a line of
    its own, on the invoice of the period or on the last one of the term."""

    code: str
    name: str
    amount: Money
    tax_rates: tuple[str, ...] = ()
    tax_category: str | None = None
    true_up: TrueUp = "period"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanVersion:
    """One published version of a plan. Versions never change; a subscription stays on its own until it is moved.

    `prices`, `minimums` and `progressive` billing are keyed by currency, `channel_prices` by channel and currency: what a
    tier of resellers pays.
    `features` maps what is granted to its limit, None for no limit.
    Bills fall at the boundaries of `every`: calendar ones, or counted from the start of the subscription.
    `late_usage_days` belong to `ignore_after` and are None otherwise. Bills wait for usage that is not closed
    `estimate_after_days`, or for ever. A trial of `trial_days` comes before the first term;
    with `trial_converts` the term follows by itself, and `trial_reminder_days` before its end the customer is reminded.
    Prices that are `tax_inclusive` have the tax in them.
    """

    code: str
    version: int
    name: str
    prices: dict[str, tuple[Charge, ...]]
    every: Every
    calendar: bool = False
    term_months: int
    net_days: int
    collect_seconds: int = 3600
    review_days: int = 0
    renewal_policy: str | None = None
    product: str | None = None
    proration: ProrationPolicy = "days"
    late_usage: LateUsagePolicy = "correct"
    late_usage_days: int | None = None
    trial_days: int = 0
    trial_converts: bool = True
    trial_reminder_days: int | None = None
    minimums: dict[str, MinimumCommitment] = field(default_factory=dict)
    features: dict[str, int | None] = field(default_factory=dict)
    channel_prices: dict[str, dict[str, tuple[Charge, ...]]] = field(default_factory=dict)
    tax_inclusive: bool = False
    progressive: dict[str, ProgressiveBilling] = field(default_factory=dict)
    estimate_after_days: int | None = None

    @property
    def lists(self) -> Iterator[tuple[str, str, tuple[Charge, ...]]]:
        """Every price list: its JSON pointer, its currency, its charges."""
        for currency, charges in self.prices.items():
            yield f"/prices/{currency}", currency, charges
        for channel, prices in self.channel_prices.items():
            for currency, charges in prices.items():
                yield f"/channel_prices/{channel}/{currency}", currency, charges

    def charges_in(self, currency: str, channel: str | None = None) -> tuple[Charge, ...]:
        """Of a channel, or without one what is paid by whoever buys directly."""
        prices = self.prices if channel is None else self.channel_prices.get(channel)
        if prices is None:
            listed = ", ".join(sorted(self.channel_prices)) or "no channel"
            raise NoPriceInChannel(f"{self.code} has prices for {listed}", field="/channel")
        try:
            return prices[currency]
        except KeyError:
            listed = ", ".join(sorted(prices))
            raise NoPriceInCurrency(
                f"{self.code} has prices in {listed}, not in {currency}", field="/currency"
            ) from None

    def progressive_in(self, currency: str, channel: str | None = None) -> ProgressiveBilling | None:
        """None where the channel is sold no usage."""
        is_metered = any(charge.kind == "metered" for charge in self.charges_in(currency, channel))
        return self.progressive.get(currency) if is_metered else None

    def metered_charges_in(self, currency: str) -> tuple[Charge, ...]:
        return tuple(charge for charge in self.charges_in(currency) if charge.kind == "metered")
