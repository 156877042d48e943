"""/v1/invoices/preview and /v1/credit-notes/preview: what a document would come to. Nothing is looked up or kept."""

from __future__ import annotations

from fastapi import APIRouter

from services.billing.api.access import Preview
from services.billing.api.quotes.preview_forms import (
    CreditNotePreview,
    CreditNoteTrial,
    InvoicePreview,
    InvoiceTrial,
    credit_note_preview,
    invoice_preview,
)
from services.billing.domain.invoicing.credit_note import credit_note_totals
from services.billing.domain.invoicing.preview import preview_invoice, validate_preview
from services.billing.domain.invoicing.tax import tax_rate
from shared.http.routes import TransactionalRoute

router = APIRouter(prefix="/v1", tags=["previews"], route_class=TransactionalRoute)


@router.post("/invoices/preview")
def preview(body: InvoiceTrial, caller: Preview) -> InvoicePreview:
    """From lines to what is due: discounts, coupons, tax, credit notes, wallets, in this order."""
    lines, coupons, notes = [form.line() for form in body.lines], body.reductions(), body.applied()
    validate_preview(lines, coupons, notes)
    invoice = preview_invoice(
        lines,
        body.currency,
        coupons=coupons,
        credit_notes=notes,
        wallets=body.purses(),
        on=body.on,
        policy=body.tax_policy,
    )
    return invoice_preview(invoice, body.currency)


@router.post("/credit-notes/preview")
def preview_credit_note(body: CreditNoteTrial, caller: Preview) -> CreditNotePreview:
    """What a credit note over a net amount gives back: rounded net and the tax on it."""
    rate = tax_rate(body.tax_rate, "/tax_rate")
    return credit_note_preview(credit_note_totals(body.net, rate, body.currency))
