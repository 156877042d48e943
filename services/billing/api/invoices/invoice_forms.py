"""How invoices look at the API. Amounts are minor units of `currency`; decimals are text. `invoice_documents` makes them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.billing.api.amounts import PlainDecimal, plain
from services.billing.api.invoices.credit_forms import AppliedCreditOut
from services.billing.api.invoices.edit_forms import AdjustmentOut, EditOut
from services.billing.domain.invoice.header import InvoiceKind
from services.billing.domain.invoice.state import InvoiceStatus
from services.billing.domain.tax_status import TaxTreatment
from shared.ids import prefixed
from shared.money import EXACT

InvoiceId = Annotated[UUID, prefixed("inv")]
CustomerId = Annotated[UUID, prefixed("cus")]
SubscriptionId = Annotated[UUID, prefixed("sub")]
PaymentPlanId = Annotated[UUID, prefixed("ppl")]
QuoteId = Annotated[UUID, prefixed("quo")]
PeriodId = Annotated[UUID, prefixed("per")]
CorrectionId = Annotated[UUID, prefixed("cor")]


class TierOut(BaseModel):
    """The part of the quantity that was priced in the tier (`from_quantity`, `up_to`]."""

    from_quantity: PlainDecimal
    up_to: PlainDecimal | None
    quantity: PlainDecimal
    unit_amount: PlainDecimal
    flat_amount: PlainDecimal
    amount: PlainDecimal

    def reading(self, currency: str) -> str:
        """A sentence that a person can check with a pencil."""
        upper = "above" if self.up_to is None else f"up to {plain(self.up_to)}"
        priced = f"{plain(self.quantity)} at {plain(self.unit_amount)} {upper}"
        flat = f" and {plain(self.flat_amount)} flat" if self.flat_amount else ""
        return f"{priced}{flat}: {plain(self.amount)} {currency}"


class ProofOut(BaseModel):
    """`revision` 0 is the closing of the period; -1 are the first totals of it that were billed before that, -2 the second."""

    period_id: PeriodId
    revision: int
    count: int
    digest: str


class CorrectedLineOut(BaseModel):
    """The line of the original that is corrected: what all documents carried of it, and what they carry now."""

    correction_id: CorrectionId
    invoice_id: InvoiceId
    invoice: str
    line: int | None
    before_minor: int
    after_minor: int
    quantity_before: PlainDecimal
    quantity_after: PlainDecimal


class CorrectsOut(BaseModel):
    """Why a document corrects an invoice: a revision of a usage period that was billed there."""

    correction_id: CorrectionId
    invoice_id: InvoiceId
    invoice: str
    period_id: PeriodId
    revision: int
    cause: str


class LineDiscountOut(BaseModel):
    """What a coupon took off the line; `amount_minor` of the line is what was left."""

    coupon: str
    amount_minor: int


class CreditUseOut(BaseModel):
    """Units of the seller's own; amounts of tiers are in these."""

    code: str
    quantity: PlainDecimal
    unit_amount: PlainDecimal

    def reading(self, currency: str) -> str:
        money = plain(EXACT.multiply(self.quantity, self.unit_amount))
        return f"{plain(self.quantity)} {self.code} at {plain(self.unit_amount)}: {money} {currency}"


class LineTaxOut(BaseModel):
    """`rate` of the tax `code` of a `place` on a `category`, in force `since` a day; one of the price has neither. `included`
    is what of the price it is; what is `waived` is not charged."""

    rate: str
    code: str
    category: str
    place: str
    since: date | None
    compound: bool
    included_minor: int | None
    waived: bool

    def reading(self, currency: str) -> str:
        """By which rule the rate was found."""
        where = f"{self.code} of {self.place} on {self.category}, in force since {self.since}"
        rule = where if self.code else "as agreed with the price"
        compound = ", on the net and the taxes before it" if self.compound else ""
        part = "" if self.included_minor is None else f": {self.included_minor} minor units of {currency} of the price"
        return f"tax {self.rate} {rule}{compound}{part}{', not charged' if self.waived else ''}"


class LineOut(BaseModel):
    """`quantity` is what was metered or agreed, such as seats. `amount_minor` is net. Of a price with tax in it,
    `priced_minor` is the whole, and `residue` that of the whole. `edit` is the change of the draft that added it, and 0 where
    the bill did: what was added has no plan, term or quote. What a quote charges once has a quote alone. Only where the
    invoice is of several does the line say its `subscription_id`."""

    number: int
    kind: str
    charge: str
    description: str
    group: str
    quantity: PlainDecimal
    amount_minor: int
    residue: PlainDecimal
    tax_rates: list[str]
    revenue_class: str
    starts_on: date
    ends_on: date
    plan: str
    plan_version: int
    term_number: int
    quote_id: QuoteId | None
    tiers: list[TierOut]
    proof: ProofOut | None
    corrects: CorrectedLineOut | None = None
    discounts: list[LineDiscountOut] = Field(default_factory=list)
    credits: CreditUseOut | None = None
    amendment: int = 0
    priced_minor: int
    tax_category: str | None = None
    tax_inclusive: bool = False
    taxes: list[LineTaxOut] = Field(default_factory=list)
    edit: int = 0
    adjustments: list[AdjustmentOut] = Field(default_factory=list)
    subscription_id: SubscriptionId | None = None
    cost_centre: str | None = None


class CreditNoteOut(BaseModel):
    """Amounts are what is taken back; `forgiven_minor` of it had been written off, `restored_minor` went back to
    wallets. A note over all that was left has no lines of its own; one over parts of lines has them with a quantity of
    0: usage stays as it was metered."""

    number: str
    issued_on: date
    amount_minor: int
    tax_minor: int
    refundable_minor: int
    forgiven_minor: int = 0
    restored_minor: int = 0
    reason: str
    taxes: dict[str, int] = Field(default_factory=dict)
    lines: list[LineOut] = Field(default_factory=list)
    corrects: CorrectsOut | None = None


class LossOut(BaseModel):
    """What was written off on a day, or came in after all."""

    kind: Literal["write_off", "recovery"]
    on: date
    amount_minor: int
    reason: str


class HeldOut(BaseModel):
    """Why a draft waits for a person: it is above the bound of the settings."""

    reason: str
    total_minor: int
    bound_minor: int


class UntaxedOut(BaseModel):
    """Why the invoice charges no tax; `note` is what has to stand on it."""

    treatment: TaxTreatment
    reference: str
    note: str


class InvoicedSubscriptionOut(BaseModel):
    """`subtotal_minor` is what its lines come to, net."""

    subscription_id: SubscriptionId
    purchase_order: str | None
    subtotal_minor: int


class InvoiceOut(BaseModel):
    """`credit_note` is the latest of `credit_notes`; `refundable_minor` is what was paid and credited and not given back
    since: it is owed to the customer. `written_off_minor` is what is not expected any more: of `losses`, what was not
    recovered or credited. `credit` is what wallets paid of it when it was issued, `payment_plan_id` the plan that stands for
    it by now. One that is one_off has no subscription; a consolidated one has several `subscriptions`, and a
    `purchase_order` where it is the same for all."""

    invoice_id: InvoiceId
    kind: InvoiceKind
    corrects: CorrectsOut | None
    number: str | None
    status: InvoiceStatus
    customer_id: CustomerId
    customer: str
    subscription_id: SubscriptionId | None
    subscriptions: list[InvoicedSubscriptionOut]
    legal_entity: str
    purchase_order: str | None
    currency: str
    issued_on: date | None
    due_on: date | None
    subtotal_minor: int
    taxes: dict[str, int]
    tax_minor: int
    untaxed: UntaxedOut | None
    total_minor: int
    open_minor: int
    credited_minor: int
    refundable_minor: int
    written_off_minor: int
    credit: list[AppliedCreditOut]
    payment_plan_id: PaymentPlanId | None
    held: HeldOut | None
    losses: list[LossOut]
    lines: list[LineOut]
    edits: list[EditOut]
    credit_note: CreditNoteOut | None
    credit_notes: list[CreditNoteOut]
    version: int
