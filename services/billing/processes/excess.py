"""Usage that interim invoices billed and that was taken back before its period was over: it is credited with the period."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID, uuid5

from services.billing.domain.correction import Carried, Correction, difference
from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import NoteCorrection
from services.billing.domain.invoice.correcting import BILLED_AHEAD
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.invoice.together import rated_again
from services.billing.domain.subscription.events import UsageItem
from services.billing.domain.subscription.state import Subscription
from services.billing.processes.correction_documents import Usage, rated, revisions_of, settle, taken_over
from services.billing.processes.writing import Contracts, Desk
from shared.orders import Order


def on_issued(issued: Invoice, contract: Contracts, desk: Desk) -> Iterator[Order]:
    """Usage that was billed ahead and taken back since is credited on the interim invoices."""
    for part in issued.header.bills:
        if part.bill.ahead and part.bill.interim is None:
            subscription, version = contract(part.subscription_id)
            yield from _credit_excess(subscription, version, issued, contract, desk)


def _credit_excess(
    subscription: Subscription, version: int, issued: Invoice, contract: Contracts, desk: Desk
) -> Iterator[Order]:
    item = _first_item(issued, subscription.subscription_id)
    usage = {each.period_id: desk.period(each.period_id) for each in issued.header.usage}
    correction = _correction(issued, subscription.subscription_id, item.period_id)
    found = _excess(issued, contract, usage, correction)
    if not found.lines:
        return
    note = NoteCorrection(
        correction=correction,
        charge=item.charge,
        status="open",
        policy=BILLED_AHEAD,
        difference=found,
        revisions=revisions_of(issued.header, usage),
    )
    yield Order(INVOICE, correction.invoice_id, note)
    yield from settle(subscription, version, (correction,), found, desk)


def _first_item(issued: Invoice, subscription_id: UUID) -> UsageItem:
    """Of a subscription, of what was billed ahead."""
    bills = [part.bill for part in issued.header.bills if part.subscription_id == subscription_id]
    ahead = {each.period_id for bill in bills for each in bill.ahead}
    return next(item for bill in bills for item in bill.usage if item.period_id in ahead)


def _correction(issued: Invoice, subscription_id: UUID, period_id: UUID) -> Correction:
    return Correction(
        correction_id=uuid5(issued.issued.invoice_id, f"{BILLED_AHEAD} {subscription_id}"),
        invoice_id=issued.issued.invoice_id,
        invoice=issued.issued.number,
        period_id=period_id,
        revision=issued.revision(period_id),
        cause=BILLED_AHEAD,
    )


def _excess(issued: Invoice, contract: Contracts, usage: Usage, correction: Correction) -> Carried:
    """What all documents together have taken off less than was billed ahead."""
    header, before = issued.header, issued.carried()
    lines = rated(header, taken_over(header, issued.lines), contract, usage, issued.edits, is_whole=True)
    lines = rated_again(header, lines, before.lines, correction.period_id)
    after = Carried.of(lines, header.party.currency, header.bill.rounding)
    return difference(after, before, issued.lines, correction)
