"""Quotes as they are answered, with everything they come to. Amounts are minor units of the quote's currency."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from pydantic import BaseModel, Field

from services.billing.api.catalogue.plan_forms import ChargeForm, MinimumForm
from services.billing.api.catalogue.progressive_forms import ProgressiveForm
from services.billing.api.invoices.invoice_forms import InvoiceId
from services.billing.api.invoices.paper_forms import ClauseForm, DocumentForm
from services.billing.api.quotes.quote_forms import CustomerId, OpportunityId, QuoteId, SubscriptionId
from services.billing.api.quotes.quoted_one_offs import OneOffAnswer
from services.billing.domain.agreement import AgreedDiscount, PaymentRule, RampPhase, RenewalTerms, Starts
from services.billing.domain.coupon import AgreedCoupon
from services.billing.domain.late_usage import LateUsagePolicy
from services.billing.domain.quote.approval import ApprovalLevel, Measure
from services.billing.domain.quote.deal import Purpose
from services.billing.domain.quote.state import QuoteStatus
from shared.periods import Every


class Amounts(BaseModel):
    """net = list - discount; total = net + tax. `discounts` are the parts of the discount by reason, a coupon's by
    `coupon:` and its code."""

    list_minor: int
    discount_minor: int
    net_minor: int
    tax_minor: int
    total_minor: int
    discounts: dict[str, int]


class AnnualAnswer(BaseModel):
    """The flat recurring charges of a year: before, what a renewal was drafted with on top, at list, and after discount."""

    prior_minor: int
    uplift_percent: Decimal | None
    list_minor: int
    discount_minor: int
    booked_minor: int


class PlannedLine(BaseModel):
    """For the days from `starts_on` up to, not including, `ends_on`."""

    charge: str
    name: str
    starts_on: date
    ends_on: date
    list_minor: int
    discount_minor: int
    net_minor: int
    discounts: dict[str, int]


class PlannedInvoiceAnswer(BaseModel):
    """`metered` names what will be charged for besides, by what is used until then. `taxes` by rate."""

    issued_on: date
    due_on: date
    lines: list[PlannedLine]
    metered: list[str]
    subtotal_minor: int
    taxes: dict[str, int]
    tax_minor: int
    total_minor: int


class LineAnswer(BaseModel):
    """`starts_on` is the first day of the term, behind the trial."""

    plan: str
    plan_version: int
    name: str
    quantity: int
    discount_percent: Decimal
    discounts: list[AgreedDiscount]
    starts_on: date
    ends_on: date
    term_months: int
    every: Every
    calendar: bool
    net_days: int
    late_usage: LateUsagePolicy
    late_usage_days: int | None
    estimate_after_days: int | None
    renewal: RenewalTerms
    features: dict[str, int | None]
    charges: list[ChargeForm]
    minimum: MinimumForm | None
    progressive_billing: ProgressiveForm | None
    coupons: list[AgreedCoupon]
    ramp: list[RampPhase]
    trial_days: int
    trial_converts: bool
    trial_reminder_days: int | None
    payment: PaymentRule
    starts: Starts
    latest_start: date | None
    cost_centre: str | None
    per_period: Amounts
    term: Amounts
    annual_minor: int
    first_invoices: list[PlannedInvoiceAnswer]


class OverBudgetAnswer(BaseModel):
    """By how much flat charges, and what is charged once, go beyond what is left of the budget."""

    cost_centre: str
    period: str
    over_minor: int


class ApprovalAnswer(BaseModel):
    """`discount_minor` is that of the whole term; `margin_percent` is known where the plan says what its units cost.
    `beyond` are the limits of the submitter that were not kept, `over_budget` the customer's budgets that the quote does not
    fit into, whichever of its terms is chosen."""

    level: ApprovalLevel
    discount_percent: Decimal
    discount_minor: int | None
    margin_percent: Decimal | None
    beyond: list[Measure]
    over_budget: list[OverBudgetAnswer] = Field(default_factory=list)
    requested_by: str


class AcceptanceAnswer(BaseModel):
    name: str
    purchase_order: str | None
    accepted_at: datetime
    accepted_on: date
    alternative: int | None


class QuoteSummary(BaseModel):
    """`quote_version` counts what was offered; `version` is the ETag, which every change moves."""

    quote_id: QuoteId
    version: int
    quote_version: int
    status: QuoteStatus
    purpose: Purpose
    customer: str
    customer_id: CustomerId
    subscription_id: SubscriptionId | None
    opportunity_id: OpportunityId | None
    external_id: str | None
    channel: str | None
    requested_by: str
    currency: str
    valid_until: datetime | None
    is_stale: bool
    approval: ApprovalAnswer | None
    approved_by: str | None
    acceptance: AcceptanceAnswer | None
    reason: str | None


class AlternativeAnswer(BaseModel):
    """What the lines come to for another term, with the one-offs, which stay as they are. The prices of each year are in the
    `ramp` of its lines."""

    term_months: int
    uplift_percent: Decimal
    discount_percent: Decimal
    lines: list[LineAnswer]
    term: Amounts
    annual: AnnualAnswer


class Offer(BaseModel):
    """What one version offers; `annual` is the sum over the lines, of flat charges only, and `term` that and `once`: all
    `one_offs`, with what they make of the tax of the first invoice. A quote without lines has an `invoice` of its own, due by
    `net_days`."""

    lines: list[LineAnswer]
    one_offs: list[OneOffAnswer]
    once: Amounts
    invoice: PlannedInvoiceAnswer | None
    net_days: int | None
    term: Amounts
    annual: AnnualAnswer
    alternatives: list[AlternativeAnswer]
    clauses: list[ClauseForm]
    documents: list[DocumentForm]


class QuoteAnswer(QuoteSummary, Offer):
    """`acceptance_token` is in the first answer to a send and nowhere else. `subscriptions` are those that an accepted quote
    starts, in the order of its lines; one without lines starts none, and has an invoice, `invoice_id`."""

    subscriptions: list[SubscriptionId]
    invoice_id: InvoiceId | None
    acceptance_token: str | None = None


class VersionAnswer(Offer):
    quote_id: QuoteId
    quote_version: int
    written_by: str
    valid_until: datetime | None
