"""The lines of an invoice without a subscription: late fees of its bill, and what people had charged for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from services.billing.domain.invoice.line_edits import edited
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.invoice_line import InvoiceLine
from services.billing.domain.subscription.events import Bill, Fee, LateInvoice


def fee_lines(bill: Bill) -> tuple[InvoiceLine, ...]:
    return tuple(_late_fees(bill))


def rated(invoice: Invoice) -> tuple[InvoiceLine, ...]:
    """Made again from the bill and from what was asked for."""
    header = invoice.header
    return edited(fee_lines(header.bill), invoice.edits, header.bill, header.party.currency)


def _late_fees(bill: Bill) -> Iterator[InvoiceLine]:
    late = ((fee, fee.late) for fee in bill.fees)
    for number, (fee, invoice) in enumerate(late, start=1):
        if invoice is not None:
            yield _late_fee(number, bill, fee, invoice)


def _late_fee(number: int, bill: Bill, fee: Fee, late: LateInvoice) -> InvoiceLine:
    """Compensation, and not taxed."""
    return InvoiceLine(
        number=number,
        kind="late_fee",
        charge="late_fee",
        description=f"Late fee for {late.number}",
        group=late.number,
        quantity=Decimal(1),
        amount=fee.amount,
        residue=Decimal(0),
        tiers=(),
        tax_rates=(),
        revenue_class="late_fee",
        starts_on=bill.billing_on,
        ends_on=bill.billing_on + timedelta(days=1),
        plan="",
        plan_version=0,
        term_number=0,
        quote_id=None,
    )
