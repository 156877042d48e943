"""From a bill to an invoice: drafted once every usage period of it is closed, and issued at once where nobody reviews it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import DraftInvoice, Number
from services.billing.domain.invoice.header import Header
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.subscription.events import Bill, Term
from services.billing.domain.subscription.state import Subscription
from services.billing.processes import correction_documents as documents
from services.billing.processes import excess, included_credit, wallets
from services.billing.processes.correction_documents import Usage
from services.billing.processes.crediting import credit_unused
from services.billing.processes.writing import Contracts, Desk
from shared.orders import Order


def is_complete(bill: Bill, usage: Usage) -> bool:
    periods = (usage[item.period_id] for item in bill.metered if not item.told)
    return all(period.closed or period.is_estimated for period in periods)


def invoice(subscription: Subscription, version: int, bill: Bill, usage: Usage, desk: Desk) -> Iterator[Order]:
    """`version` is that of the subscription's stream; the number is asked for last, because that locks the counter."""
    term = term_of(bill, subscription)
    header = Header(
        invoice_id=bill.invoice_id,
        subscription_id=subscription.subscription_id,
        subscription_version=version,
        party=subscription.party_on(bill.billing_on),
        legal_entity=desk.legal_entity,
        net_days=term.line.net_days,
        bill=bill,
        purchase_order=term.purchase_order,
    )
    review = review_until(bill, subscription)
    yield from draft(header, review, desk.beside(subscription, version), usage, desk)
    if review is None:
        yield from issue(subscription, version, desk.invoice(bill.invoice_id), desk)


def draft(
    header: Header, review_until: datetime | None, contract: Contracts, usage: Usage, desk: Desk
) -> Iterator[Order]:
    """Of one subscription, or of several."""
    lines, left_out = documents.with_corrections(header, header.bills, contract, usage)
    revisions = documents.revisions_of(header, usage)
    command = DraftInvoice(header=header, lines=lines, review_until=review_until, revisions=revisions)
    yield Order(INVOICE, header.invoice_id, command)
    yield from documents.settle_left_out(left_out, contract, desk)


def issue(subscription: Subscription | None, version: int, drafted: Invoice, desk: Desk) -> Iterator[Order]:
    """`version` is that of the subscription's stream by now; an invoice of several, or of none, comes without. What is held
    for a person is not issued."""
    id_, number = drafted.header.invoice_id, desk.next_number()
    yield from wallets.issue(drafted, number, desk.bound(drafted.header.party.currency), desk)
    if desk.invoice(id_).facts is not None:
        yield from on_issued(subscription, version, desk.invoice(id_), number, desk)


def on_issued(
    subscription: Subscription | None, version: int, issued: Invoice, number: Number, desk: Desk
) -> Iterator[Order]:
    """With its number it answers the corrections that waited for it, and grants the credit that it charges for; what of it
    is not used by now is credited."""
    yield from documents.on_issued(issued, number)
    contract = desk.beside(subscription, version)
    yield from excess.on_issued(issued, contract, desk)
    for subscription_id in issued.header.subscription_ids:
        billed, by_now = contract(subscription_id)
        yield from included_credit.on_issued(billed, issued, desk.at)
        yield from credit_unused(billed, by_now, desk.invoice(issued.header.invoice_id), desk)


def review_until(bill: Bill, subscription: Subscription) -> datetime | None:
    days = term_of(bill, subscription).line.review_days
    return subscription.instant(bill.billing_on + timedelta(days=days)) if days else None


def term_of(bill: Bill, subscription: Subscription) -> Term:
    """The terms of payment, and the purchase order, are those of the latest term on the bill."""
    flat, usage = ({item.term_number for item in bill.flat}, {item.term_number for item in bill.of_usage})
    numbers = flat | usage | {fee.term_number for fee in bill.fees} | {1 for _ in bill.one_offs}
    numbers |= {*bill.true_up_terms}
    return subscription.terms[max(numbers, default=subscription.last.number) - 1]
