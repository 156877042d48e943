"""What has to agree in a firm whatever its documents correct: amounts, numbers, and the log recomputed."""

from __future__ import annotations

from services.billing.domain.invoice.events import CreditNoteIssued, InvoiceIssued
from shared.money import Money
from tests.unit.billing.firm import Firm


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def carried(firm: Firm) -> int:
    """What all invoices together ask for and asked for, less what was credited."""
    return sum((i.totals.total - i.credited).minor for i in firm.invoices)


def assert_books(firm: Firm) -> None:
    for invoice in firm.invoices:
        assert firm.differences(invoice) == []
        assert usd(0) <= invoice.credited <= invoice.totals.total
        assert usd(0) <= invoice.open <= invoice.totals.total
        assert invoice.refundable <= invoice.paid
        assert invoice.totals.total == invoice.totals.subtotal + invoice.totals.tax
    for series, events in (("HUD", InvoiceIssued), ("HUD-CN", CreditNoteIssued)):
        numbers = [event.sequence for event in firm.happened(events) if event.series == series]
        assert sorted(numbers) == list(range(1, len(numbers) + 1))
