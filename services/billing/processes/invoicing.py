"""From a bill to an invoice: drafted once every usage period of it is closed, and issued at once where nobody reviews it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from uuid import UUID

from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import (
    DraftInvoice,
    IssueInvoice,
    NoteCorrection,
    Number,
    RecalculateInvoice,
)
from services.billing.domain.invoice.compose import compose
from services.billing.domain.invoice.events import Header
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.subscription.events import Bill, UsageItem
from services.billing.domain.subscription.state import Subscription
from services.billing.domain.tenant_settings import TenantSettings
from services.billing.domain.usage_period import UsagePeriod
from shared.money import Money
from shared.orders import Order

Usage = Mapping[UUID, UsagePeriod]


def is_complete(bill: Bill, usage: Usage) -> bool:
    return all(usage[item.period_id].closed for item in bill.usage)


def invoice(
    subscription: Subscription,
    version: int,
    bill: Bill,
    usage: Usage,
    settings: TenantSettings,
    next_number: Callable[[], Number],
) -> Iterator[Order]:
    """`version` is that of the subscription's stream; the number is asked for last, because that locks the counter."""
    line = subscription.terms[_term_of(bill, subscription) - 1].line
    header = Header(
        invoice_id=bill.invoice_id,
        subscription_id=subscription.subscription_id,
        subscription_version=version,
        party=subscription.party,
        legal_entity=settings.legal_entity,
        net_days=line.net_days,
        bill=bill,
    )
    review = subscription.instant(bill.billing_on + timedelta(days=line.review_days)) if line.review_days else None
    lines = compose(subscription, bill, usage)
    yield Order(INVOICE, bill.invoice_id, DraftInvoice(header=header, lines=lines, review_until=review))
    if review is None:
        yield Order(INVOICE, bill.invoice_id, IssueInvoice(number=next_number()))


def _term_of(bill: Bill, subscription: Subscription) -> int:
    """The terms of payment are those of the latest term on the bill."""
    flat, usage = ({item.term_number for item in bill.flat}, {item.term_number for item in bill.usage})
    numbers = flat | usage | {fee.term_number for fee in bill.fees}
    return max(numbers, default=subscription.last.number)


def on_period_revised(
    subscription: Subscription, drafted: Invoice, usage: Usage, item: UsageItem, correction_id: UUID, cause: str
) -> Iterator[Order]:
    """A draft is changed; of an issued invoice the difference is noted as an open correction."""
    bill = drafted.header.bill
    lines = compose(subscription, bill, usage)
    if drafted.status == "draft":
        yield Order(INVOICE, bill.invoice_id, RecalculateInvoice(lines=lines, cause=cause))
        return
    currency = subscription.currency
    delta = Money.total((line.amount for line in lines), currency) - drafted.totals.subtotal
    command = NoteCorrection(
        correction_id=correction_id,
        period_id=item.period_id,
        charge=item.charge,
        revision=usage[item.period_id].revision,
        cause=cause,
        delta=delta,
    )
    yield Order(INVOICE, bill.invoice_id, command)
