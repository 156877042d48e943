"""What an invoice says of usage that was billed ahead, beside the interim invoices themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import UUID

from services.billing.domain.invoice.ahead_lines import Ahead, billed_by
from services.billing.domain.invoice.state import Invoice
from services.billing.processes.verification import Difference


def verify_ahead(invoice: Invoice, known: Callable[[UUID], Invoice]) -> Iterator[Difference]:
    """What it takes off is what those said that they bill; and what an interim invoice says that it bills is what its usage
    comes to, beyond those before it. `known` tells them by their ids."""
    number = invoice.facts.number if invoice.facts else ""
    for part in invoice.header.bills:
        for each in part.bill.ahead:
            interim = known(each.invoice_id).header.bill.interim
            if interim is None or each not in interim.billed:
                yield Difference(number, 0, "ahead", each, None)
    bill = invoice.header.bill
    if bill.interim is not None and not invoice.edits:
        used = [line for line in invoice.lines if line.kind == "usage"]
        ahead = Ahead(bill.ahead, invoice.header.party.currency)
        recomputed = tuple(billed_by(bill.invoice_id, ahead, used))
        if recomputed != bill.interim.billed:
            yield Difference(number, 0, "billed", bill.interim.billed, recomputed)
