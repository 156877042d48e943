"""A line of an invoice, with all that explains it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Literal
from uuid import UUID

from services.billing.domain.couponing import LineDiscount
from services.billing.domain.plan import RevenueClass
from services.billing.domain.pricing.rated import CreditUse, TierUse
from services.billing.domain.taxation.applied import AppliedTax, included_in
from shared.money import Money

LineKind = Literal["flat", "usage", "progressive", "true_up", "reinstatement", "late_fee", "one_off"]
# What is told apart when an invoice is rated again.
LineKey = tuple[LineKind, str, str, date, date, int, int, UUID | None, int, UUID | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageProof:
    """Where the quantity came from: the period as it was closed, and at which revision. `count` and `digest` prove
    the set of events. Revision 0 is the closing; -1 are the first totals that were billed before it, -2 the second."""

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
class LineAdjustment:
    """What an edit of the draft changed the net of the line by."""

    edit: int
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLine:
    """`amount` is rounded half away from zero; `residue` = exact amount - amount, 12 places, major units.

    `quantity` is what was metered or agreed, before allowances and packages, and 1 on fees and true-ups. The line is for the
    days from `starts_on` up to, not including, `ends_on`, priced by a plan version as it was agreed in a quote, or by an
    `amendment` of the term. A line that corrects another one has the differences as its amount and quantity, and tiers,
    residue and discounts of the whole new rating. `discounts` are what coupons took off; `amount` is what is left. Where
    there are `credits` the amounts of `tiers` are in units of these; a flat line of a plain price has no tiers. `taxes` say
    what `tax_rates` stand for, where it is more than rates of the price. Of a price that is `tax_inclusive` the amount is what
    is left without `taxes`; discounts were taken off the whole of it, and tiers and residue are of the whole. People may have
    changed the draft: `edit` is the one that added the line, which then has no plan, term or quote, and 0 is the bill; what a
    quote charges once has a quote alone; `adjustments` are part of the amount, or of the whole. On an invoice of several
    subscriptions, and on what corrects it, the line says for which it is; otherwise that is the one of the invoice. A line
    that is `progressive` takes off what interim invoices billed of the usage before it. `cost_centre` is what the customer
    said that it is for (EN 16931, BT-133), where that was said.
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
    quote_id: UUID | None
    proof: UsageProof | None = None
    corrects: CorrectedLine | None = None
    discounts: tuple[LineDiscount, ...] = ()
    credits: CreditUse | None = None
    amendment: int = 0
    tax_category: str | None = None
    tax_inclusive: bool = False
    taxes: tuple[AppliedTax, ...] = ()
    edit: int = 0
    adjustments: tuple[LineAdjustment, ...] = ()
    subscription_id: UUID | None = None
    cost_centre: str | None = None

    @property
    def net(self) -> Money:
        return self.amount

    @property
    def priced(self) -> Money:
        """What the price came to, after discounts: net, or with the tax that it includes."""
        return self.amount + included_in(self.taxes, self.amount.currency)

    @property
    def rated(self) -> Money:
        """What the price came to before coupons and people changed it."""
        taken = Money.total((discount.amount for discount in self.discounts), self.amount.currency)
        changed = Money.total((adjustment.amount for adjustment in self.adjustments), self.amount.currency)
        return self.priced + taken - changed

    def told_like(self, stored: InvoiceLine) -> InvoiceLine:
        """With no more than `stored` tells: flat lines once had 1 as their quantity, and of a plain price no residue."""
        if stored.kind != "flat" or stored.quantity != 1 or not self.quantity:  # nothing is left of one that is gone
            return self
        told_residue = stored.tiers or stored.residue
        return replace(self, quantity=stored.quantity, residue=self.residue if told_residue else stored.residue)

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
            self.edit,
            self.subscription_id,
        )
