"""Who pays late pays more: a fee of a percentage of what is open goes on the next invoice of the subscription."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from services.billing.domain.invoice.state import Invoice
from services.billing.domain.late_fee import LATE_FEE, LateFeePolicy, LateFeeScheduled, ScheduleLateFee
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.commands import AssessLateFee
from services.billing.domain.subscription.events import LateInvoice
from shared.orders import Order
from shared.periods import start_of_day


def on_invoice_issued(invoice: Invoice, policy: LateFeePolicy) -> Iterator[Order]:
    if policy.percent and invoice.status == "issued":
        facts = invoice.issued
        at = start_of_day(facts.due_on + timedelta(days=policy.days), facts.party.zone)
        command = ScheduleLateFee(invoice_id=facts.invoice_id, percent=policy.percent, at=at)
        yield Order(LATE_FEE, facts.invoice_id, command)


def on_due(invoice: Invoice, scheduled: LateFeeScheduled, at: datetime) -> Iterator[Order]:
    """Of what is open by now."""
    if invoice.status == "issued" and invoice.open.minor > 0:
        facts = invoice.issued
        late = LateInvoice(
            invoice_id=facts.invoice_id, number=facts.number, open=invoice.open, percent=scheduled.percent
        )
        yield Order(SUBSCRIPTION, facts.subscription_id, AssessLateFee(late=late, at=at))
