"""Invoices and credit notes as they are tried out: amounts are sent in major units and answered in minor ones."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field, StrictBool

from services.billing.api.catalogue.evaluation_forms import CurrencyCode
from services.billing.api.catalogue.plan_forms import Form, Rates
from services.billing.domain.invoicing.credit_note import CreditNoteTotals
from services.billing.domain.invoicing.discounts import Reduction
from services.billing.domain.invoicing.preview import AppliedCreditNote, DraftLine, PreviewedInvoice
from services.billing.domain.invoicing.tax import TaxPolicy
from services.billing.domain.invoicing.wallets import Wallet, exact_balance
from shared.http.fields import Day, DecimalText
from shared.money import Money

MOST_LINES = 10_000

Id = Annotated[str, Field(min_length=1, max_length=100)]


class ReductionForm(Form):
    """`percent` (10 is 10 %) or `amount` in major units: one of the two."""

    percent: DecimalText | None = None
    amount: DecimalText | None = None

    def reduction(self, id_: str = "") -> Reduction:
        return Reduction(id=id_, percent=self.percent, amount=self.amount)


class CouponForm(ReductionForm):
    id: Id


class PreviewLineForm(Form):
    id: Id
    amount: DecimalText
    tax_rates: Rates = ()
    discounts: Annotated[list[ReductionForm], Field(max_length=20)] = Field(default_factory=list)

    def line(self) -> DraftLine:
        discounts = tuple(discount.reduction() for discount in self.discounts)
        return DraftLine(id=self.id, amount=self.amount, tax_rates=self.tax_rates, discounts=discounts)


class AppliedCreditNoteForm(Form):
    id: Id
    amount: DecimalText


class WalletForm(Form):
    """`expires_on` is the first day on which nothing is left; `applies_to` are ids of lines, without it all."""

    id: Id
    balance: DecimalText
    priority: Annotated[int, Field(strict=True, ge=0, lt=10**6)] = 50
    expires_on: Day | None = None
    promotional: StrictBool = False
    applies_to: Annotated[list[Id], Field(max_length=MOST_LINES)] | None = None

    def wallet(self, currency: str, at: str) -> Wallet:
        return Wallet(
            id=self.id,
            balance=exact_balance(self.balance, currency, f"{at}/balance"),
            priority=self.priority,
            expires_on=self.expires_on,
            promotional=self.promotional,
            applies_to=None if self.applies_to is None else tuple(self.applies_to),
        )


class InvoiceTrial(Form):
    """`on` is the billing day, on which wallets may have expired."""

    currency: CurrencyCode
    on: Day | None = None
    tax_policy: TaxPolicy = "tax_per_rate"
    lines: Annotated[list[PreviewLineForm], Field(min_length=1, max_length=MOST_LINES)]
    coupons: Annotated[list[CouponForm], Field(max_length=100)] = Field(default_factory=list)
    credit_notes: Annotated[list[AppliedCreditNoteForm], Field(max_length=100)] = Field(default_factory=list)
    wallets: Annotated[list[WalletForm], Field(max_length=100)] = Field(default_factory=list)

    def applied(self) -> list[AppliedCreditNote]:
        return [AppliedCreditNote(id=note.id, amount=note.amount) for note in self.credit_notes]

    def reductions(self) -> list[Reduction]:
        return [coupon.reduction(coupon.id) for coupon in self.coupons]

    def purses(self) -> list[Wallet]:
        return [wallet.wallet(self.currency, f"/wallets/{index}") for index, wallet in enumerate(self.wallets)]


class PreviewLineOut(BaseModel):
    """amount - discount = net. `discount_minor` is the line's own and its share of the coupons."""

    id: str
    amount_minor: int
    discount_minor: int
    net_minor: int
    tax_rates: list[str]


class InvoicePreview(BaseModel):
    """subtotal - discount + tax = total; total - credit = due. `taxes` by rate, `discount_shares` by line, `drawn` by
    wallet."""

    currency: str
    subtotal_minor: int
    discount_minor: int
    discount_shares: dict[str, int]
    taxes: dict[str, int]
    tax_minor: int
    total_minor: int
    credit_minor: int
    drawn: dict[str, int]
    due_minor: int
    lines: list[PreviewLineOut]


def invoice_preview(invoice: PreviewedInvoice, currency: str) -> InvoicePreview:
    lines = [
        PreviewLineOut(
            id=line.id,
            amount_minor=line.gross.minor,
            discount_minor=line.discount.minor,
            net_minor=line.net.minor,
            tax_rates=list(line.tax_rates),
        )
        for line in invoice.lines
    ]
    return InvoicePreview(
        currency=currency,
        subtotal_minor=invoice.subtotal.minor,
        discount_minor=invoice.discount.minor,
        discount_shares=_minor(invoice.discount_shares),
        taxes=_minor(invoice.taxes),
        tax_minor=invoice.tax.minor,
        total_minor=invoice.total.minor,
        credit_minor=invoice.credit.minor,
        drawn=_minor(invoice.drawn),
        due_minor=invoice.due.minor,
        lines=lines,
    )


def _minor(amounts: dict[str, Money]) -> dict[str, int]:
    return {name: amount.minor for name, amount in amounts.items()}


class CreditNoteTrial(Form):
    """`net` in major units; `tax_rate` 0.25 is 25 %."""

    currency: CurrencyCode = "EUR"
    net: DecimalText
    tax_rate: Annotated[str, Field(max_length=20)]


class CreditNotePreview(BaseModel):
    net_minor: int
    tax_minor: int
    total_minor: int


def credit_note_preview(totals: CreditNoteTotals) -> CreditNotePreview:
    return CreditNotePreview(net_minor=totals.net.minor, tax_minor=totals.tax.minor, total_minor=totals.total.minor)
