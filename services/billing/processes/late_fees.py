"""Who pays late pays more: a fee of a percentage of what is open goes on the next invoice of the subscription, and where there
is none, on one of its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from services.billing.domain.invoice.state import Invoice
from services.billing.domain.late_fee import LATE_FEE, LateFeePolicy, LateFeeScheduled, ScheduleLateFee
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.bill_parts import LateInvoice
from services.billing.domain.subscription.commands import AssessLateFee
from services.billing.processes.one_off import charge_late_fee
from services.billing.processes.writing import Desk
from shared.orders import Order
from shared.periods import start_of_day


def on_invoice_issued(invoice: Invoice, policy: LateFeePolicy) -> Iterator[Order]:
    """Of a fee that is billed on an invoice of its own there is no fee."""
    if policy.percent and invoice.status == "issued" and not _is_fee(invoice):
        facts = invoice.issued
        at = start_of_day(facts.due_on + timedelta(days=policy.days), facts.party.zone)
        command = ScheduleLateFee(invoice_id=facts.invoice_id, percent=policy.percent, at=at)
        yield Order(LATE_FEE, facts.invoice_id, command)


def _is_fee(invoice: Invoice) -> bool:
    """Nobody pays a fee for a fee alone."""
    return all(line.kind == "late_fee" for line in invoice.lines)


def on_due(invoice: Invoice, scheduled: LateFeeScheduled, desk: Desk) -> Iterator[Order]:
    """Of what is open by now."""
    if invoice.status == "issued" and invoice.open.minor > 0:
        facts = invoice.issued
        late = LateInvoice(
            invoice_id=facts.invoice_id, number=facts.number, open=invoice.open, percent=scheduled.percent
        )
        if facts.subscription_id is None:
            yield from charge_late_fee(invoice, late, desk)
        else:
            yield Order(SUBSCRIPTION, facts.subscription_id, AssessLateFee(late=late, at=desk.at))
