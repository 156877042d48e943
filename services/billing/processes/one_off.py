"""Invoices that no subscription asks for: what a person charges for, a quote of one-offs alone, and late fees of these."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID, uuid5

from services.billing.domain.agreed_one_off import OneOffItem
from services.billing.domain.agreement import Party
from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import DraftInvoice
from services.billing.domain.invoice.header import Header
from services.billing.domain.invoice.line_edits import OneOff
from services.billing.domain.invoice.one_off import bill_lines
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.quote.state import Quote
from services.billing.domain.subscription.bill_parts import LateInvoice
from services.billing.domain.subscription.events import Bill, Fee
from services.billing.domain.tax_status import TaxStatus
from services.billing.domain.taxation.listed import check_listed
from services.billing.domain.taxation.rates import Taxation
from services.billing.processes import invoicing
from services.billing.processes.writing import Desk
from shared.orders import Order
from shared.periods import local_day, start_of_day


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a person had charged for, and why; or what a quote agreed to. After `review_days` it is issued by itself, with 0
    at once; None waits for a person.
    `tax_categories` are those that some place lists."""

    invoice_id: UUID
    party: Party
    items: tuple[OneOff, ...] = ()
    net_days: int
    purchase_order: str | None
    review_days: int | None
    tax: TaxStatus | None
    taxation: Taxation | None
    reason: str = ""
    quoted: tuple[OneOffItem, ...] = ()
    tax_categories: frozenset[str] = frozenset()


def on_quote_accepted(quote: Quote, tax: TaxStatus | None, taxation: Taxation | None, desk: Desk) -> Iterator[Order]:
    """Of a quote without lines: the invoice is issued on the day of its acceptance, unless it is above the bound."""
    wanted = Wanted(
        invoice_id=invoice_id(quote.quote_id),
        party=quote.party,
        net_days=quote.one_offs.net_days or 0,
        purchase_order=quote.purchase_order,
        review_days=0,
        tax=tax,
        taxation=taxation,
        quoted=items_of(quote),
    )
    yield from draft(wanted, desk)


def invoice_id(quote_id: UUID) -> UUID:
    """Of the one for a quote without lines."""
    return uuid5(quote_id, "invoice")


def items_of(quote: Quote) -> tuple[OneOffItem, ...]:
    return tuple(OneOffItem(quote_id=quote.quote_id, agreed=agreed) for agreed in quote.one_offs.items)


def draft(wanted: Wanted, desk: Desk) -> Iterator[Order]:
    for index, item in enumerate(wanted.items):
        check_listed(item.tax_category, wanted.tax_categories, f"/lines/{index}/tax_category")
    party, day = wanted.party, local_day(desk.at, wanted.party.zone)
    bill = _bill(wanted.invoice_id, day, desk.at, tax=wanted.tax, taxation=wanted.taxation)
    bill = replace(bill, one_offs=wanted.quoted)
    header = _header(party, bill, desk, wanted.net_days, wanted.purchase_order)
    review = start_of_day(day + timedelta(days=wanted.review_days), party.zone) if wanted.review_days else None
    lines = bill_lines(bill, party.currency)
    command = DraftInvoice(header=header, lines=lines, review_until=review, items=wanted.items, reason=wanted.reason)
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
    yield Order(INVOICE, id_, DraftInvoice(header=asked, lines=bill_lines(bill, party.currency), review_until=None))
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
