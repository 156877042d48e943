"""From time that was billed and is not used to credit notes, when the change takes effect or when its invoice is issued."""

from __future__ import annotations

from collections.abc import Iterator

from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import CreditUnused
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.invoice.unused import unused
from services.billing.domain.subscription.state import Subscription
from services.billing.processes.correction_documents import Desk
from shared.orders import Order

AMENDED = "amended"


def credit_unused(subscription: Subscription, version: int, invoice: Invoice, desk: Desk) -> Iterator[Order]:
    """`version` is that of the subscription's stream. What was credited before is not credited again."""
    if subscription.cancelled is None and not subscription.amendments:
        return
    carried = unused(subscription, invoice)
    if carried is None:
        return
    command = CreditUnused(
        number=desk.next_credit_note(),
        on=subscription.day(desk.at),
        at=desk.at,
        reason=subscription.cancelled.reason if subscription.cancelled else AMENDED,
        subscription_version=version,
        carried=carried,
    )
    yield Order(INVOICE, invoice.header.invoice_id, command)
