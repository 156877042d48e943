"""Making the lines of a quote from plans or from what was agreed before, and what they are worth in a year."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypedDict, Unpack

from services.billing.domain.agreement import AgreedDiscount, AgreedLine, PaymentRule, RampPhase, RenewalTerms, Starts
from services.billing.domain.coupon import AgreedCoupon
from services.billing.domain.flat_charges import FlatCharges
from services.billing.domain.plan import PlanVersion
from services.billing.domain.progressive import ProgressiveBilling
from services.billing.domain.uplift import uplifted
from shared.money import Money

# A plan that names no policy ends with its term: no grace, no way back.
NO_RENEWAL = RenewalTerms(
    policy="",
    version=0,
    grace_days=0,
    reinstatement_days=0,
    reinstatement_percent=Decimal(0),
    uplift_percent=Decimal(0),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnualValues:
    """The flat recurring charges of a year: before (zero for a new customer), at list, and booked after discount."""

    prior: Money
    list_amount: Money
    booked: Money

    @property
    def discount(self) -> Money:
        return self.list_amount - self.booked


_AS_IN_THE_PLAN = (
    "name",
    "every",
    "calendar",
    "net_days",
    "collect_seconds",
    "review_days",
    "proration",
    "features",
    "late_usage",
    "late_usage_days",
    "estimate_after_days",
    "trial_converts",
    "trial_reminder_days",
    "tax_inclusive",
)


class Asked(TypedDict, total=False):
    """What a line has just as it was asked for, whatever the plan says."""

    quantity: int
    discount_percent: Decimal
    coupons: tuple[AgreedCoupon, ...]
    ramp: tuple[RampPhase, ...]
    discounts: tuple[AgreedDiscount, ...]
    progressive: ProgressiveBilling | None
    trial_reminder_days: int
    payment: PaymentRule
    starts: Starts
    latest_start: date | None
    cost_centre: str | None


def agreed_line(
    plan: PlanVersion,
    currency: str,
    renewal: RenewalTerms,
    *,
    starts_on: date,
    term_months: int | None = None,
    trial_days: int | None = None,
    channel: str | None = None,
    **asked: Unpack[Asked],
) -> AgreedLine:
    """The plan version as it is now, in one currency; without `term_months` for the plan's own term. A trial begins on
    `starts_on`, and the line when it is over; without `trial_days` it is the plan's own.

    Raises NoPriceInCurrency where the plan is not sold in the currency, and NoPriceInChannel likewise.
    """
    tried = plan.trial_days if trial_days is None else trial_days
    return AgreedLine(
        **_of_plan(plan, currency, channel) | dict(asked),
        plan=plan.code,
        plan_version=plan.version,
        charges=plan.charges_in(currency, channel),
        term_months=plan.term_months if term_months is None else term_months,
        renewal=renewal,
        starts_on=starts_on + timedelta(days=tried),
        minimum=plan.minimums.get(currency),
        trial_days=tried,
        channel=channel,
    )


def _of_plan(plan: PlanVersion, currency: str, channel: str | None) -> dict[str, Any]:
    """What a line has of its plan, unless it was asked for otherwise."""
    same = {name: getattr(plan, name) for name in _AS_IN_THE_PLAN}
    return same | {"progressive": plan.progressive_in(currency, channel)}


def renewed_line(line: AgreedLine, uplift_percent: Decimal, starts_on: date, currency: str) -> AgreedLine:
    """The line as it was at last, for the next term, flat amounts raised (4 is 4 %), each rounded once to the minor unit.

    A coupon for so many invoices ends with the term that it was given for.
    """
    line = line.at_last()
    lasting = tuple(coupon for coupon in line.coupons if coupon.invoices is None)
    charges = uplifted(line.charges, uplift_percent, currency)
    begun = replace(line, trial_days=0, payment="on_invoice", starts="date", latest_start=None)
    return replace(begun, charges=charges, starts_on=starts_on, ends_on=None, coupons=lasting)


def annual_flat(lines: Iterable[AgreedLine], currency: str) -> Money:
    """Flat recurring charges of a year at list, in minor units, each charge rounded once for its own period."""
    return annual_net((replace(line.at_last(), discount_percent=Decimal(0)) for line in lines), currency)


def annual_net(lines: Iterable[AgreedLine], currency: str) -> Money:
    """The same after the discount of each line."""
    return Money.total((_charges(line, currency).annual_value() for line in lines), currency)


def annual_values(lines: Sequence[AgreedLine], prior: Money | None, currency: str) -> AnnualValues:
    return AnnualValues(
        prior=prior or Money.zero(currency),
        list_amount=annual_flat(lines, currency),
        booked=annual_net(lines, currency),
    )


def _charges(line: AgreedLine, currency: str) -> FlatCharges:
    return FlatCharges(line=line, currency=currency, anchor=line.starts_on)
