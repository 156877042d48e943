"""What a customer agreed to: one line of an accepted quote, with everything a subscription needs, as it was then."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import reduce
from typing import Literal
from uuid import UUID

from services.billing.domain.coupon import AgreedCoupon
from services.billing.domain.late_usage import LateUsagePolicy
from services.billing.domain.plan import Charge, MinimumCommitment
from services.billing.domain.pricing.price import Price
from services.billing.domain.progressive import ProgressiveBilling
from services.billing.domain.proration import ProrationPolicy
from services.billing.domain.schedule import Rhythm, term_of
from shared.periods import Days, Every, plus_months


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoRenewal:
    """The term renews by itself `notice_days` before its end, where its price rises by no more than the cap."""

    notice_days: int
    price_cap_percent: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalTerms:
    """The version of the renewal policy that the customer accepted. Percentages: 4 is 4 %."""

    policy: str
    version: int
    grace_days: int
    reinstatement_days: int
    reinstatement_percent: Decimal
    uplift_percent: Decimal
    auto: AutoRenewal | None = None


# Before rights begin the first invoice is paid, or a purchase order is there; or neither.
PaymentRule = Literal["on_invoice", "prepaid", "po"]

# Whether a line starts on its day, or when it is told that something was delivered, or used for the first time.
Starts = Literal["date", "delivery", "first_activation"]

# Why a discount was given, where nobody has said.
UNNAMED_REASON = "agreed"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreedDiscount:
    """One of the reasons for the discount of a line, and its part of it in percent of the list price."""

    reason: str
    percent: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class RampPhase:
    """What changes so many months after the line starts: the quantity, the discount, or prices by charge code.

    It holds for every charge from the first of its periods that begins on that day or later; what it does not say stays
    as it was in the phase before.
    """

    after_months: int
    quantity: int | None = None
    discount_percent: Decimal | None = None
    prices: dict[str, Price] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddOn:
    """A second plan on the line of another one: its charges, by code, are among those of the line, the flat ones for a
    quantity of its own."""

    plan: str
    plan_version: int
    quantity: int
    charges: tuple[str, ...]
    features: dict[str, int | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreedLine:
    """A plan version in the customer's currency. Flat charges are for `quantity` units, less the discount; both, and the
    prices, are those of the first phase where there is a `ramp`. `features` are those of the plan alone. `discounts` say
    what `discount_percent` is given for, and add up to it. The days of a trial are those before `starts_on`. `channel` is
    the one whose prices they are; if `tax_inclusive` they have the tax in them. Billing days are counted from the `anchor`,
    where it is not the first day of the subscription; the first term ends on `ends_on`, where that is not after
    `term_months`. Usage is billed while its period goes on where that is `progressive`. What `starts` with an
    event does so on `latest_start` anyhow; `starts_on` is when that is thought of. `cost_centre` is the customer's own name
    for who pays inside its house; None is not said."""

    plan: str
    plan_version: int
    name: str
    charges: tuple[Charge, ...]
    every: Every
    calendar: bool
    term_months: int
    net_days: int
    collect_seconds: int
    review_days: int
    proration: ProrationPolicy
    features: dict[str, int | None]
    renewal: RenewalTerms
    starts_on: date
    quantity: int = 1
    discount_percent: Decimal = Decimal(0)
    minimum: MinimumCommitment | None = None
    late_usage: LateUsagePolicy = "correct"
    late_usage_days: int | None = None
    coupons: tuple[AgreedCoupon, ...] = ()
    ramp: tuple[RampPhase, ...] = ()
    add_ons: tuple[AddOn, ...] = ()
    discounts: tuple[AgreedDiscount, ...] = ()
    trial_days: int = 0
    trial_converts: bool = True
    channel: str | None = None
    tax_inclusive: bool = False
    anchor: date | None = None
    ends_on: date | None = None
    progressive: ProgressiveBilling | None = None
    estimate_after_days: int | None = None
    trial_reminder_days: int | None = None
    payment: PaymentRule = "on_invoice"
    starts: Starts = "date"
    latest_start: date | None = None
    cost_centre: str | None = None

    @property
    def days(self) -> Days:
        """Of the term that is agreed with it."""
        if self.ends_on is None or self.ends_on <= self.starts_on:  # a pause may have moved the start behind it
            return term_of(self.starts_on, self.term_months)
        return Days(self.starts_on, self.ends_on)

    @property
    def reasons(self) -> tuple[AgreedDiscount, ...]:
        """What the discount is given for; all of it for one reason where nobody has named any."""
        return reasons_of(self.discounts, self.discount_percent)

    @property
    def granted(self) -> dict[str, int | None]:
        """The features of the plan and of its add-ons: limits add up, and no limit is none."""
        return reduce(_granted_too, (add_on.features for add_on in self.add_ons), self.features)

    @property
    def is_billed_at_once(self) -> bool:
        """Something is charged in advance, so that the first period has a bill when it begins."""
        return any(charge.in_advance for charge in self.flat)

    @property
    def metered(self) -> tuple[Charge, ...]:
        return tuple(charge for charge in self.charges if charge.kind == "metered")

    @property
    def period_minimum(self) -> MinimumCommitment | None:
        return self.minimum if self.minimum is not None and self.minimum.true_up == "period" else None

    @property
    def term_minimum(self) -> MinimumCommitment | None:
        """For the full term; where a channel is sold no usage there is nothing to lift."""
        is_by_term = self.minimum is not None and self.minimum.true_up == "term" and self.metered
        return self.minimum if is_by_term else None

    @property
    def flat(self) -> tuple[Charge, ...]:
        return tuple(charge for charge in self.charges if charge.kind == "flat")

    def rhythm(self, first_day: date, charge: Charge | None = None) -> Rhythm:
        """When the line is billed, or the periods of one of its charges; `first_day` is that of the subscription."""
        every = self.every if charge is None or charge.every is None else charge.every
        return Rhythm(self.anchor or first_day, every, self.calendar)

    def on(self, day: date) -> AgreedLine:
        """The line as it is for periods that begin on a day, without what is still to come or was before."""
        if not self.ramp:
            return self
        begun = (phase for phase in self.ramp if plus_months(self.starts_on, phase.after_months) <= day)
        return replace(reduce(_in_phase, begun, self), ramp=())

    def at_last(self) -> AgreedLine:
        """The line as it is at the end of its term, and as it is renewed."""
        if not self.ramp:
            return self
        return replace(reduce(_in_phase, self.ramp, self), ramp=())

    def charge(self, code: str) -> Charge:
        return next(charge for charge in self.charges if charge.code == code)

    def quantity_of(self, code: str) -> int:
        """What a flat charge is for: the quantity of the line, or that of its add-on."""
        return next((add_on.quantity for add_on in self.add_ons if code in add_on.charges), self.quantity)


def reasons_of(discounts: tuple[AgreedDiscount, ...], percent: Decimal) -> tuple[AgreedDiscount, ...]:
    if discounts or not percent:
        return discounts
    return (AgreedDiscount(reason=UNNAMED_REASON, percent=percent),)


def _granted_too(known: dict[str, int | None], more: dict[str, int | None]) -> dict[str, int | None]:
    return known | {name: _together(known.get(name, 0), limit) for name, limit in more.items()}


def _together(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def _in_phase(line: AgreedLine, phase: RampPhase) -> AgreedLine:
    charges = (replace(charge, price=phase.prices.get(charge.code, charge.price)) for charge in line.charges)
    return replace(
        line,
        charges=tuple(charges),
        quantity=line.quantity if phase.quantity is None else phase.quantity,
        discount_percent=line.discount_percent if phase.discount_percent is None else phase.discount_percent,
        discounts=line.discounts if phase.discount_percent is None else (),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """The customer as named on contracts and invoices. Days are days in `zone`."""

    customer_id: UUID
    key: str
    name: str
    zone: str
    currency: str
    external_refs: dict[str, str] = field(default_factory=dict)
