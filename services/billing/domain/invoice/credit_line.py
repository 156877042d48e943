"""The line of a credit note for a part of a line of its invoice."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid5

from services.billing.domain.invoice.state import Invoice
from services.billing.domain.invoice_line import CorrectedLine, InvoiceLine
from shared.money import Money


def credit_line(invoice: Invoice, part: InvoiceLine, before: Money, name: str) -> InvoiceLine:
    """`part` is what of the line with its number is credited, as a positive amount; `before` is what was carried of that line,
    net; the correction's id follows from `name`. Tiers, coupons and edits are those of the line, and not of a part of it."""
    id_ = invoice.header.invoice_id
    corrects = CorrectedLine(
        correction_id=uuid5(id_, name),
        invoice_id=id_,
        invoice=invoice.issued.number,
        line=part.number,
        before=before,
        after=before - part.amount,
        quantity_before=part.quantity,
        quantity_after=part.quantity,
    )
    return replace(part, tiers=(), discounts=(), credits=None, adjustments=(), corrects=corrects)
