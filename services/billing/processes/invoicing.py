"""From a bill to an invoice: drafted once every usage period of it is closed, and issued at once where nobody reviews it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import DraftInvoice, Number
from services.billing.domain.invoice.events import Header
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.subscription.events import Bill
from services.billing.domain.subscription.state import Subscription
from services.billing.processes import correction_documents as documents
from services.billing.processes import included_credit, wallets
from services.billing.processes.correction_documents import Usage
from services.billing.processes.crediting import credit_unused
from services.billing.processes.writing import Desk
from shared.orders import Order


def is_complete(bill: Bill, usage: Usage) -> bool:
    return all(usage[item.period_id].closed for item in bill.usage)


def invoice(subscription: Subscription, version: int, bill: Bill, usage: Usage, desk: Desk) -> Iterator[Order]:
    """`version` is that of the subscription's stream; the number is asked for last, because that locks the counter."""
    term = subscription.terms[_term_of(bill, subscription) - 1]
    line = term.line
    header = Header(
        invoice_id=bill.invoice_id,
        subscription_id=subscription.subscription_id,
        subscription_version=version,
        party=subscription.party_on(bill.billing_on),
        legal_entity=desk.legal_entity,
        net_days=line.net_days,
        bill=bill,
        purchase_order=term.purchase_order,
    )
    review = subscription.instant(bill.billing_on + timedelta(days=line.review_days)) if line.review_days else None
    lines, left_out = documents.with_corrections(subscription, bill, usage)
    revisions = documents.revisions_of(bill, usage)
    draft = DraftInvoice(header=header, lines=lines, review_until=review, revisions=revisions)
    yield Order(INVOICE, bill.invoice_id, draft)
    yield from documents.settle_left_out(subscription, version, left_out, desk)
    if review is None:
        yield from issue(subscription, version, desk.invoice(bill.invoice_id), desk)


def issue(subscription: Subscription | None, version: int, draft: Invoice, desk: Desk) -> Iterator[Order]:
    """`version` is that of the subscription's stream by now. What is held for a person is not issued."""
    id_, number = draft.header.invoice_id, desk.next_number()
    yield from wallets.issue(draft, number, desk.bound(draft.header.party.currency), desk)
    if desk.invoice(id_).facts is not None:
        yield from on_issued(subscription, version, desk.invoice(id_), number, desk)


def on_issued(
    subscription: Subscription | None, version: int, issued: Invoice, number: Number, desk: Desk
) -> Iterator[Order]:
    """With its number it answers the corrections that waited for it, and grants the credit that it charges for; what of it
    is not used by now is credited."""
    yield from documents.on_issued(issued, number)
    if subscription is not None:
        yield from included_credit.on_issued(subscription, issued, desk.at)
        yield from credit_unused(subscription, version, issued, desk)


def _term_of(bill: Bill, subscription: Subscription) -> int:
    """The terms of payment, and the purchase order, are those of the latest term on the bill."""
    flat, usage = ({item.term_number for item in bill.flat}, {item.term_number for item in bill.usage})
    numbers = flat | usage | {fee.term_number for fee in bill.fees} | {1 for _ in bill.one_offs}
    return max(numbers, default=subscription.last.number)
