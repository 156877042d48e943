"""Quotes as they are asked for."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from services.billing.api.catalogue.plan_forms import Code, FloatingAmount, Form, ReminderDays, refuse_floats
from services.billing.api.catalogue.progressive_forms import ProgressiveForm
from services.billing.api.invoices.paper_forms import Clauses, Documents, papers_of
from services.billing.api.quotes.discount_forms import DiscountForm, percent_off
from services.billing.api.quotes.quoted_one_offs import QuotedOneOffForm
from services.billing.domain.agreement import AgreedDiscount, PaymentRule, RampPhase, Starts
from services.billing.domain.coupon import AgreedCoupon
from services.billing.domain.pricing.price import Price
from services.billing.domain.progressive import ProgressiveBilling
from services.billing.domain.quote.alternatives import AlternativeTerms
from services.billing.domain.quote.lines import Asked
from services.billing.domain.quote.papers import Papers
from shared.http.fields import Day, DecimalText, Instant
from shared.ids import prefixed

QuoteId = Annotated[UUID, prefixed("quo")]
CustomerId = Annotated[UUID, prefixed("cus")]
SubscriptionId = Annotated[UUID, prefixed("sub")]
OpportunityId = Annotated[UUID, prefixed("opp")]


Reason = Annotated[str, Field(min_length=1, max_length=500)]
Lines = Annotated[list["LineForm"], Field(max_length=100)]
Once = Annotated[list[QuotedOneOffForm], Field(max_length=100)]
NetDays = Annotated[int, Field(strict=True, ge=0, le=3650)]


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


class LineForm(Form):
    """Without `plan_version` the current one; without `term_months` the plan's own term. `discounts` are the parts of
    `discount_percent`, which may be left out then. `coupons` by code, in the sequence in which they are taken off; without
    it a renewed line keeps those that it has. `starts_on` is the first day of the trial, where there is one: `trial_days`,
    or without it those of the plan. A renewal has none. A line that `ends_with` a subscription of the customer has a term
    that ends with the one agreed last there, its billing days, and is renewed for as long. `progressive_billing` is for this
    line what the plan says for its currency; null is none, and without it that of the plan or of the term before stays.
    `payment` says whether rights wait: for the first invoice to be paid (prepaid), or for the number of a purchase order
    (po). What `starts` with an event does so on `latest_start` anyhow; `starts_on` is then the day that the quote is told
    for. `cost_centre` is the customer's own name for who pays inside its house; a renewed line keeps the one that it has."""

    plan: Code
    plan_version: Annotated[int, Field(strict=True, ge=1, lt=2**31)] | None = None
    quantity: Annotated[int, Field(strict=True, lt=10**9)] = 1
    discount_percent: DecimalText = Decimal(0)
    discounts: Annotated[list[DiscountForm], Field(max_length=10)] = Field(default_factory=list)
    starts_on: Annotated[Day, Field(ge=date(1990, 1, 1))]
    term_months: Annotated[int, Field(strict=True)] | None = None
    coupons: Annotated[list[Code], Field(max_length=10)] | None = None
    ramp: Annotated[list[RampForm], Field(max_length=100)] | None = None
    trial_days: Annotated[int, Field(strict=True, ge=0, le=365)] | None = None
    trial_reminder_days: ReminderDays | None = None
    payment: PaymentRule = "on_invoice"
    starts: Starts = "date"
    latest_start: Day | None = None
    ends_with: SubscriptionId | None = None
    progressive_billing: ProgressiveForm | None = None
    cost_centre: Code | None = None

    def asked(self, coupons: tuple[AgreedCoupon, ...], currency: str, at: str) -> Asked:
        """With its coupons, which have been looked up."""
        asked = Asked(
            quantity=self.quantity,
            discount_percent=self.percent_off,
            coupons=coupons,
            ramp=self.phases,
            discounts=self.reasons,
            payment=self.payment,
            starts=self.starts,
            latest_start=self.latest_start,
            cost_centre=self.cost_centre,
        )
        if "progressive_billing" in self.model_fields_set:
            asked["progressive"] = self.thresholds(currency, at)
        if self.trial_reminder_days is not None:
            asked["trial_reminder_days"] = self.trial_reminder_days
        return asked

    def thresholds(self, currency: str, at: str) -> ProgressiveBilling | None:
        form = self.progressive_billing
        return None if form is None else form.progressive(currency, f"{at}/progressive_billing")

    @property
    def phases(self) -> tuple[RampPhase, ...]:
        return tuple(form.phase() for form in self.ramp or ())

    @property
    def reasons(self) -> tuple[AgreedDiscount, ...]:
        return tuple(form.discount() for form in self.discounts)

    @property
    def percent_off(self) -> Decimal:
        is_said = "discount_percent" in self.model_fields_set
        return percent_off(self.discount_percent if is_said else None, self.discounts)


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
    """`customer` is the external id; `channel` names the price list of each plan, without it the direct one. Without
    `valid_until` the quote ends 30 days after it is sent. `one_offs` are charged once, on the first invoice of the first line;
    without lines on an invoice of their own, which is due `net_days` after the acceptance."""

    customer: Code
    external_id: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    channel: Code | None = None
    lines: Lines = Field(default_factory=list)
    one_offs: Once = Field(default_factory=list)
    net_days: NetDays | None = None
    valid_until: Instant | None = None
    alternatives: Alternatives = Field(default_factory=list)
    clauses: Clauses = Field(default_factory=list)
    documents: Documents = Field(default_factory=list)


class RevisionForm(Form):
    """Without `alternatives` those that it has, made anew from the lines; without both `clauses` and `documents` those that
    it has, and so without `one_offs`."""

    lines: Lines
    one_offs: Once | None = None
    net_days: NetDays | None = None
    valid_until: Instant | None = None
    alternatives: Alternatives | None = None
    clauses: Clauses | None = None
    documents: Documents | None = None

    @property
    def papers(self) -> Papers | None:
        if self.clauses is None and self.documents is None:
            return None
        return papers_of(self.clauses or (), self.documents or ())


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
