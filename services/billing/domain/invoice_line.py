"""A line of an invoice, with all that explains it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal
from uuid import UUID

from services.billing.domain.couponing import LineDiscount
from services.billing.domain.plan import RevenueClass
from services.billing.domain.pricing.rated import CreditUse, TierUse
from shared.money import Money

LineKind = Literal["flat", "usage", "true_up", "reinstatement", "late_fee"]
# What is told apart when an invoice is rated again.
LineKey = tuple[LineKind, str, str, date, date, int, int, UUID | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageProof:
    """Where the quantity came from: the period as it was closed, and at which revision. `count` and `digest` prove
    the set of events."""

    period_id: UUID
    revision: int
    count: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedLine:
    """Which line is corrected, on which invoice: all documents together carried `before` and `quantity_before`, and
    carry `after` and `quantity_after` now that it was rated again. A group that was not there has no `line`."""

    correction_id: UUID
    invoice_id: UUID
    invoice: str
    line: int | None
    before: Money
    after: Money
    quantity_before: Decimal
    quantity_after: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLine:
    """`amount` is rounded half away from zero; `residue` = exact amount - amount, 12 places, major units.

    `quantity` is what was metered, before allowances and packages, and 1 on flat lines. The line is for the days from
    `starts_on` up to, not including, `ends_on`, priced by a plan version as it was agreed in a quote, or by an `amendment`
    of the term. A line that corrects another one has the differences as its amount and quantity, and tiers, residue and
    discounts of the whole new rating. `discounts` are what coupons took off; `amount` is what is left. Where there are
    `credits` the amounts of `tiers` are in units of these.
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
    corrects: CorrectedLine | None = None
    discounts: tuple[LineDiscount, ...] = ()
    credits: CreditUse | None = None
    amendment: int = 0

    @property
    def net(self) -> Money:
        return self.amount

    def key(self, family: UUID) -> LineKey:
        """What the line is for on the invoice `family`, and on what corrects it; a correction of another invoice that
        was put on this one is a line of its own."""
        foreign = None
        if self.corrects is not None and self.corrects.invoice_id != family:
            foreign = self.corrects.correction_id
        return (
            self.kind,
            self.charge,
            self.group,
            self.starts_on,
            self.ends_on,
            self.term_number,
            self.amendment,
            foreign,
        )
