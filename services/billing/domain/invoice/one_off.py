"""The lines of an invoice without a subscription: what a quote agreed to, late fees, and what people had charged for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from services.billing.domain.invoice.line_edits import edited
from services.billing.domain.invoice.quoted_lines import quoted_lines
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.invoice_line import InvoiceLine
from services.billing.domain.subscription.bill_parts import LateInvoice
from services.billing.domain.subscription.events import Bill, Fee
from services.billing.domain.taxation.lines import TaxedAs, taxed


def bill_lines(bill: Bill, currency: str) -> tuple[InvoiceLine, ...]:
    """Before anybody edits them."""
    by = TaxedAs(bill.tax, bill.taxation)
    lines = [*_late_fees(bill), *(taxed(line, bill.billing_on, by) for line in quoted_lines(bill, currency))]
    return tuple(replace(line, number=number) for number, line in enumerate(lines, start=1))


def rated(invoice: Invoice, bill: Bill) -> tuple[InvoiceLine, ...]:
    """Made again from the bill and from what was asked for."""
    currency = invoice.header.party.currency
    return edited(bill_lines(bill, currency), invoice.edits, bill, currency)


def _late_fees(bill: Bill) -> Iterator[InvoiceLine]:
    for fee in bill.fees:
        if fee.late is not None:
            yield _late_fee(bill, fee, fee.late)


def _late_fee(bill: Bill, fee: Fee, late: LateInvoice) -> InvoiceLine:
    """Compensation, and not taxed."""
    return InvoiceLine(
        number=0,
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
