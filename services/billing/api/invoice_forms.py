"""How invoices look at the API. Amounts are minor units of `currency`; decimals are text."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import RowMapping

from services.billing.api.amounts import PlainDecimal, plain
from services.billing.domain.invoice.events import InvoiceKind
from services.billing.domain.invoice.state import InvoiceStatus
from services.billing.domain.tax_status import TaxStatus, TaxTreatment
from shared.ids import prefixed
from shared.money import EXACT

InvoiceId = Annotated[UUID, prefixed("inv")]
CustomerId = Annotated[UUID, prefixed("cus")]
SubscriptionId = Annotated[UUID, prefixed("sub")]
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


class LineOut(BaseModel):
    number: int
    kind: str
    charge: str
    description: str
    group: str
    quantity: PlainDecimal
    amount_minor: int
    residue: Decimal
    tax_rates: list[str]
    revenue_class: str
    starts_on: date
    ends_on: date
    plan: str
    plan_version: int
    term_number: int
    quote_id: QuoteId
    tiers: list[TierOut]
    proof: ProofOut | None
    corrects: CorrectedLineOut | None = None
    discounts: list[LineDiscountOut] = Field(default_factory=list)
    credits: CreditUseOut | None = None
    amendment: int = 0


class CreditNoteOut(BaseModel):
    """Amounts are what is taken back; `forgiven_minor` of it had been written off. A note over the whole invoice has no lines
    of its own."""

    number: str
    issued_on: date
    amount_minor: int
    tax_minor: int
    refundable_minor: int
    forgiven_minor: int = 0
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


class InvoiceOut(BaseModel):
    """`credit_note` is the latest of `credit_notes`; `refundable_minor` is what was paid and credited and not given back
    since: it is owed to the customer. `written_off_minor` is what is not expected any more: of `losses`, what was not
    recovered or credited."""

    invoice_id: InvoiceId
    kind: InvoiceKind
    corrects: CorrectsOut | None
    number: str | None
    status: InvoiceStatus
    customer_id: CustomerId
    customer: str
    subscription_id: SubscriptionId
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
    held: HeldOut | None
    losses: list[LossOut]
    lines: list[LineOut]
    credit_note: CreditNoteOut | None
    credit_notes: list[CreditNoteOut]
    version: int


def invoice_out(row: RowMapping | dict[str, Any]) -> InvoiceOut:
    document = row["document"]
    same = ("invoice_id", "number", "status", "customer_id", "subscription_id", "currency", "issued_on", "due_on")
    amounts = ("subtotal_minor", "tax_minor", "total_minor", "open_minor", "written_off_minor", "version")
    notes = document.get("credit_notes") or [note for note in [document["credit_note"]] if note]
    shown = [credit_note_out(note) for note in notes]
    return InvoiceOut(
        **{name: row[name] for name in (*same, *amounts)},
        kind=document.get("kind", "regular"),
        corrects=corrects_out(document.get("corrects")),
        credited_minor=sum(note.amount_minor for note in shown),
        refundable_minor=sum(note.refundable_minor for note in shown) - document.get("given_back_minor", 0),
        customer=row["customer_key"],
        legal_entity=document["legal_entity"],
        purchase_order=document["purchase_order"],
        taxes=document["taxes"],
        lines=[line_out(line) for line in document["lines"]],
        untaxed=_untaxed(document.get("tax")),
        held=_held(document.get("held")),
        losses=[LossOut(**loss) for loss in document.get("losses", ())],
        credit_note=shown[-1] if shown else None,
        credit_notes=shown,
    )


def _untaxed(stored: dict[str, Any] | None) -> UntaxedOut | None:
    return UntaxedOut(**stored, note=TaxStatus(**stored).note) if stored else None


def _held(stored: dict[str, Any] | None) -> HeldOut | None:
    return HeldOut(reason="the total is above the bound for invoices", **stored) if stored else None


def credit_note_out(note: dict[str, Any]) -> CreditNoteOut:
    lines = [line_out(line) for line in note.get("lines", ())]
    return CreditNoteOut(**note | {"lines": lines, "corrects": corrects_out(note.get("corrects"))})


def corrects_out(stored: dict[str, Any] | None) -> CorrectsOut | None:
    if stored is None:
        return None
    return CorrectsOut(**_with_ids(stored, "correction_id", "invoice_id", "period_id"))


def line_out(line: dict[str, Any]) -> LineOut:
    """A stored line; ids are text in the document."""
    proof = line["proof"] and _with_ids(line["proof"], "period_id")
    fields = {name: value for name, value in line.items() if name != "amount"}
    ids = {"quote_id": UUID(line["quote_id"]), "proof": proof, "corrects": _corrected_line(line.get("corrects"))}
    ids["discounts"] = [
        {"coupon": each["coupon"], "amount_minor": each["amount"]["minor"]} for each in line.get("discounts", ())
    ]
    return LineOut(**fields | ids, amount_minor=line["amount"]["minor"])


def _corrected_line(stored: dict[str, Any] | None) -> dict[str, Any] | None:
    if stored is None:
        return None
    amounts = {"before_minor": stored["before"]["minor"], "after_minor": stored["after"]["minor"]}
    rest = {name: value for name, value in stored.items() if name not in ("before", "after")}
    return _with_ids(rest, "correction_id", "invoice_id") | amounts


def _with_ids(stored: dict[str, Any], *names: str) -> dict[str, Any]:
    return stored | {name: UUID(stored[name]) for name in names}
