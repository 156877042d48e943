"""What a customer agreed to: one line of an accepted quote, with everything a subscription needs, as it was then."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID

from services.billing.domain.coupon import AgreedCoupon
from services.billing.domain.late_usage import LateUsagePolicy
from services.billing.domain.plan import Charge, MinimumCommitment
from services.billing.domain.proration import ProrationPolicy
from shared.periods import Every


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalTerms:
    """The version of the renewal policy that the customer accepted. Percentages: 4 is 4 %."""

    policy: str
    version: int
    grace_days: int
    reinstatement_days: int
    reinstatement_percent: Decimal
    uplift_percent: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreedLine:
    """A plan version in the customer's currency. Flat charges are for each of `quantity` units, less the discount."""

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

    @property
    def metered(self) -> tuple[Charge, ...]:
        return tuple(charge for charge in self.charges if charge.kind == "metered")

    @property
    def flat(self) -> tuple[Charge, ...]:
        return tuple(charge for charge in self.charges if charge.kind == "flat")


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """The customer as named on contracts and invoices. Days are days in `zone`."""

    customer_id: UUID
    key: str
    name: str
    zone: str
    currency: str
    external_refs: dict[str, str] = field(default_factory=dict)
