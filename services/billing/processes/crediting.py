"""From time that was billed and is not used to credit notes, when the change takes effect or when its invoice is issued."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import CreditUnused
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.invoice.unused import unused
from services.billing.domain.subscription.state import Subscription
from services.billing.processes import included_credit, wallets
from services.billing.processes.writing import Desk
from shared.orders import Order

AMENDED, PAUSED = "amended", "paused"


def credit_unused(subscription: Subscription, version: int, invoice: Invoice, desk: Desk) -> Iterator[Order]:
    """`version` is that of the subscription's stream. What was credited before is not credited again."""
    if subscription.cancelled is None and not (subscription.amendments or subscription.pauses):
        return
    carried = unused(subscription, invoice)
    if carried is None:
        return
    command = CreditUnused(
        number=desk.next_credit_note(),
        on=subscription.day(desk.at),
        at=desk.at,
        reason=_reason(subscription),
        subscription_version=version,
        carried=carried,
    )
    id_ = invoice.header.invoice_id
    yield Order(INVOICE, id_, command)
    yield from wallets.restore(invoice, desk.invoice(id_), command.number.text, desk.at)
    yield from included_credit.on_unused(subscription, invoice, carried, desk)


def _reason(subscription: Subscription) -> str:
    """What was done last."""
    if subscription.cancelled is not None:
        return subscription.cancelled.reason
    paused_at = [pause.at for pause in subscription.pauses]
    return PAUSED if max(paused_at, default=None) == max(paused_at + _amended_at(subscription)) else AMENDED


def _amended_at(subscription: Subscription) -> list[datetime]:
    return [amendment.agreed_at for amendment in subscription.amendments]
