"""What billing answers to usage: closed periods complete bills, revised ones change drafts or are noted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from services.billing.domain.invoice import INVOICE
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.events import Bill
from services.billing.domain.subscription.state import Subscription
from services.billing.domain.tenant_settings import TENANT_SETTINGS
from services.billing.domain.usage_period import USAGE_PERIOD, PeriodTotal, RecordClosing, RecordRevision
from services.billing.processes import invoicing
from services.billing.projections import invoice_numbers, usage_periods, waiting_bills
from shared.contracts.usage import GroupTotal, UsagePeriodClosedV1, UsagePeriodRevisedV1
from shared.messages import Message
from shared.orders import Order
from shared.unit_of_work import UnitOfWork


def period_closed(message: Message, unit: UnitOfWork) -> Iterator[Order]:
    body = message.read(UsagePeriodClosedV1)
    waiting_bills.alone(unit)
    command = RecordClosing(totals=_totals(body.totals), learned_at=body.learned_at)
    yield Order(USAGE_PERIOD, body.period_id, command)
    for bill in waiting_bills.of_subscription(unit, body.subscription_id):
        yield from complete(unit, unit.state(SUBSCRIPTION, body.subscription_id), bill)


def period_revised(message: Message, unit: UnitOfWork) -> Iterator[Order]:
    body = message.read(UsagePeriodRevisedV1)
    waiting_bills.alone(unit)
    command = RecordRevision(revision=body.revision, totals=_totals(body.totals), cause=body.cause)
    yield Order(USAGE_PERIOD, body.period_id, command)
    invoice_id = usage_periods.invoice_of(unit, body.period_id)
    if invoice_id is None:
        return
    drafted = unit.state(INVOICE, invoice_id)
    bill: Bill = drafted.header.bill
    item = next(item for item in bill.usage if item.period_id == body.period_id)
    yield from invoicing.on_period_revised(
        unit.state(SUBSCRIPTION, body.subscription_id), drafted, _usage(unit, bill), item, message.id, body.cause
    )


def complete(unit: UnitOfWork, subscription: Subscription, bill: Bill) -> Iterator[Order]:
    """Draft the invoice if all that it waits for is there."""
    usage = _usage(unit, bill)
    if not invoicing.is_complete(bill, usage):
        return
    settings = unit.state(TENANT_SETTINGS, unit.tenant_id)
    version = unit.version(SUBSCRIPTION, subscription.subscription_id)
    number = partial(invoice_numbers.next_number, unit, settings.legal_entity, settings.invoice_series)
    yield from invoicing.invoice(subscription, version, bill, usage, settings, number)


def _usage(unit: UnitOfWork, bill: Bill) -> invoicing.Usage:
    return {item.period_id: unit.state(USAGE_PERIOD, item.period_id) for item in bill.usage}


def _totals(totals: Sequence[GroupTotal]) -> tuple[PeriodTotal, ...]:
    return tuple(PeriodTotal(group=t.group, quantity=t.quantity, count=t.count, digest=t.digest) for t in totals)
