"""Quotes as they are asked for and answered. Amounts in answers are minor units of the quote's currency."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from services.billing.api.plan_forms import ChargeForm, Code, FloatingAmount, Form, MinimumForm, refuse_floats
from services.billing.domain.agreement import AgreedDiscount, RampPhase, RenewalTerms
from services.billing.domain.coupon import AgreedCoupon
from services.billing.domain.late_usage import LateUsagePolicy
from services.billing.domain.pricing.exact import total
from services.billing.domain.pricing.price import Price
from services.billing.domain.quote.alternatives import AlternativeTerms
from services.billing.domain.quote.approval import ApprovalLevel, Measure
from services.billing.domain.quote.deal import Purpose
from services.billing.domain.quote.state import QuoteStatus
from shared.http.fields import Day, DecimalText, Instant
from shared.ids import prefixed
from shared.periods import Every

QuoteId = Annotated[UUID, prefixed("quo")]
CustomerId = Annotated[UUID, prefixed("cus")]
SubscriptionId = Annotated[UUID, prefixed("sub")]
OpportunityId = Annotated[UUID, prefixed("opp")]


Reason = Annotated[str, Field(min_length=1, max_length=500)]
Lines = Annotated[list["LineForm"], Field(min_length=1, max_length=100)]


def _exact(sent: object) -> object:
    try:
        refuse_floats(sent, "")
    except FloatingAmount as error:
        raise PydanticCustomError("floating_amount", "give amounts as decimal strings") from error
    return sent


class RampForm(Form):
    """From so many months after the start of the line on; what it does not say stays as it was in the phase before."""

    after_months: Annotated[int, Field(strict=True, lt=2**31)]
    quantity: Annotated[int, Field(strict=True, lt=10**9)] | None = None
    discount_percent: DecimalText | None = None
    prices: Annotated[dict[Code, Price], Field(max_length=200), BeforeValidator(_exact)] = Field(default_factory=dict)

    def phase(self) -> RampPhase:
        return RampPhase(**{name: getattr(self, name) for name in type(self).model_fields})


class DiscountForm(Form):
    """A part of the discount, and what it is given for."""

    reason: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$")]
    percent: DecimalText

    def discount(self) -> AgreedDiscount:
        return AgreedDiscount(reason=self.reason, percent=self.percent)


class LineForm(Form):
    """Without `plan_version` the current one; without `term_months` the plan's own term. `discounts` are the parts of
    `discount_percent`, which may be left out then. `coupons` by code, in the sequence in which they are taken off; without
    it a renewed line keeps those that it has."""

    plan: Code
    plan_version: Annotated[int, Field(strict=True, ge=1, lt=2**31)] | None = None
    quantity: Annotated[int, Field(strict=True, lt=10**9)] = 1
    discount_percent: DecimalText = Decimal(0)
    discounts: Annotated[list[DiscountForm], Field(max_length=10)] = Field(default_factory=list)
    starts_on: Annotated[Day, Field(ge=date(1990, 1, 1))]
    term_months: Annotated[int, Field(strict=True)] | None = None
    coupons: Annotated[list[Code], Field(max_length=10)] | None = None
    ramp: Annotated[list[RampForm], Field(max_length=100)] | None = None

    @property
    def phases(self) -> tuple[RampPhase, ...]:
        return tuple(form.phase() for form in self.ramp or ())

    @property
    def reasons(self) -> tuple[AgreedDiscount, ...]:
        return tuple(form.discount() for form in self.discounts)

    @property
    def percent_off(self) -> Decimal:
        is_said = "discount_percent" in self.model_fields_set or not self.discounts
        return self.discount_percent if is_said else total(form.percent for form in self.discounts)


class AlternativeForm(Form):
    """The same lines for another term: flat prices rise by `uplift_percent` after each year, `discount_percent` is given on
    top for staying so long."""

    term_months: Annotated[int, Field(strict=True)]
    uplift_percent: DecimalText = Decimal(0)
    discount_percent: DecimalText = Decimal(0)

    def terms(self) -> AlternativeTerms:
        return AlternativeTerms(**self.model_dump())


Alternatives = Annotated[list[AlternativeForm], Field(max_length=10)]


class DraftForm(Form):
    """`customer` is the external id. Without `valid_until` the quote ends 30 days after it is sent."""

    customer: Code
    external_id: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    lines: Lines
    valid_until: Instant | None = None
    alternatives: Alternatives = Field(default_factory=list)


class RevisionForm(Form):
    """Without `alternatives` those that it has, made anew from the lines."""

    lines: Lines
    valid_until: Instant | None = None
    alternatives: Alternatives | None = None


class SendForm(Form):
    valid_until: Instant | None = None


class ReasonForm(Form):
    reason: Reason


class AcceptanceForm(Form):
    """`term_months` chooses one of the alternatives; without it the quote is accepted as it is."""

    token: Annotated[str, Field(min_length=1, max_length=200)]
    name: Annotated[str, Field(min_length=1, max_length=200)]
    purchase_order: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    term_months: Annotated[int, Field(strict=True)] | None = None


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
    renewal: RenewalTerms
    features: dict[str, int | None]
    charges: list[ChargeForm]
    minimum: MinimumForm | None
    coupons: list[AgreedCoupon]
    ramp: list[RampPhase]
    per_period: Amounts
    term: Amounts
    annual_minor: int
    first_invoices: list[PlannedInvoiceAnswer]


class ApprovalAnswer(BaseModel):
    """`discount_minor` is that of the whole term; `margin_percent` is known where the plan says what its units cost.
    `beyond` are the limits of the submitter that were not kept."""

    level: ApprovalLevel
    discount_percent: Decimal
    discount_minor: int | None
    margin_percent: Decimal | None
    beyond: list[Measure]
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
    requested_by: str
    currency: str
    valid_until: datetime | None
    is_stale: bool
    approval: ApprovalAnswer | None
    approved_by: str | None
    acceptance: AcceptanceAnswer | None
    reason: str | None


class AlternativeAnswer(BaseModel):
    """What the lines come to for another term. The prices of each year are in the `ramp` of its lines."""

    term_months: int
    uplift_percent: Decimal
    discount_percent: Decimal
    lines: list[LineAnswer]
    term: Amounts
    annual: AnnualAnswer


class Offer(BaseModel):
    """What one version offers; `annual` and `term` are sums over the lines, of flat charges only."""

    lines: list[LineAnswer]
    term: Amounts
    annual: AnnualAnswer
    alternatives: list[AlternativeAnswer]


class QuoteAnswer(QuoteSummary, Offer):
    """`acceptance_token` is in the first answer to a send and nowhere else."""

    acceptance_token: str | None = None


class VersionAnswer(Offer):
    quote_id: QuoteId
    quote_version: int
    written_by: str
    valid_until: datetime | None
