"""Invoices that no subscription asks for: what a person charges for, and late fees of such invoices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID, uuid5

from services.billing.domain.agreement import Party
from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import DraftInvoice
from services.billing.domain.invoice.events import Header
from services.billing.domain.invoice.line_edits import OneOff
from services.billing.domain.invoice.one_off import fee_lines
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.subscription.events import Bill, Fee, LateInvoice
from services.billing.domain.tax_status import TaxStatus
from services.billing.domain.taxation.rates import Taxation
from services.billing.processes import invoicing
from services.billing.processes.writing import Desk
from shared.orders import Order
from shared.periods import local_day, start_of_day


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a person had charged for, and why. After `review_days` it is issued by itself, with 0 at once; None waits for a
    person."""

    invoice_id: UUID
    party: Party
    items: tuple[OneOff, ...]
    net_days: int
    purchase_order: str | None
    review_days: int | None
    tax: TaxStatus | None
    taxation: Taxation | None
    reason: str


def draft(wanted: Wanted, desk: Desk) -> Iterator[Order]:
    party, day = wanted.party, local_day(desk.at, wanted.party.zone)
    bill = _bill(wanted.invoice_id, day, desk.at, tax=wanted.tax, taxation=wanted.taxation)
    header = _header(party, bill, desk, wanted.net_days, wanted.purchase_order)
    review = start_of_day(day + timedelta(days=wanted.review_days), party.zone) if wanted.review_days else None
    command = DraftInvoice(header=header, lines=(), review_until=review, items=wanted.items, reason=wanted.reason)
    yield Order(INVOICE, wanted.invoice_id, command)
    if wanted.review_days == 0:
        yield from invoicing.issue(None, 0, desk.invoice(wanted.invoice_id), desk)


def charge_late_fee(invoice: Invoice, late: LateInvoice, desk: Desk) -> Iterator[Order]:
    """On an invoice of its own, because no other one follows."""
    if late.fee.minor <= 0:
        return
    id_, party, header = uuid5(late.invoice_id, "late fee"), invoice.header.party, invoice.header
    fee = Fee(amount=late.fee, term_number=0, lapsed_days=0, assessed_at=desk.at, late=late)
    bill = _bill(id_, local_day(desk.at, party.zone), desk.at, (fee,))
    asked = _header(party, bill, desk, header.net_days, header.purchase_order)
    yield Order(INVOICE, id_, DraftInvoice(header=asked, lines=fee_lines(bill), review_until=None))
    yield from invoicing.issue(None, 0, desk.invoice(id_), desk)


def _bill(
    id_: UUID,
    day: date,
    at: datetime,
    fees: tuple[Fee, ...] = (),
    tax: TaxStatus | None = None,
    taxation: Taxation | None = None,
) -> Bill:
    return Bill(invoice_id=id_, billing_on=day, billed_at=at, flat=(), usage=(), fees=fees, tax=tax, taxation=taxation)


def _header(party: Party, bill: Bill, desk: Desk, net_days: int, purchase_order: str | None) -> Header:
    return Header(
        invoice_id=bill.invoice_id,
        subscription_id=None,
        subscription_version=0,
        party=party,
        legal_entity=desk.legal_entity,
        net_days=net_days,
        bill=bill,
        purchase_order=purchase_order,
    )
