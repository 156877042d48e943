"""A line of an invoice, with all that explains it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal
from uuid import UUID

from services.billing.domain.plan import RevenueClass
from services.billing.domain.pricing.rated import TierUse
from shared.money import Money

LineKind = Literal["flat", "usage", "true_up", "reinstatement"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageProof:
    """Where the quantity came from: the period as it was closed, and at which revision. `count` and `digest` prove
    the set of events."""

    period_id: UUID
    revision: int
    count: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLine:
    """`amount` is rounded half away from zero; `residue` = exact amount - amount, 12 places, major units.

    `quantity` is what was metered, before allowances and packages, and 1 on flat lines. The line is for the days from
    `starts_on` up to, not including, `ends_on`, priced by a plan version as it was agreed in a quote.
    """

    number: int
    kind: LineKind
    charge: str
    description: str
    group: str
    quantity: Decimal
    amount: Money
    residue: Decimal
    tiers: tuple[TierUse, ...]
    tax_rates: tuple[str, ...]
    revenue_class: RevenueClass
    starts_on: date
    ends_on: date
    plan: str
    plan_version: int
    term_number: int
    quote_id: UUID
    proof: UsageProof | None = None

    @property
    def net(self) -> Money:
        return self.amount
