"""What billing makes of usage: running totals are kept, closed periods complete bills, revised ones change drafts or are
answered with documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from services.billing.desk import desk_of, taxation_of
from services.billing.domain.customer import CUSTOMER, Customer
from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.period_total import PeriodTotal
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.commands import RequestInterimBill
from services.billing.domain.subscription.events import Bill
from services.billing.domain.subscription.state import Subscription
from services.billing.domain.tenant_settings import TENANT_SETTINGS
from services.billing.domain.told_parts import ToldParts
from services.billing.domain.usage_period import (
    USAGE_PERIOD,
    RecordClosing,
    RecordPart,
    RecordRevision,
    RecordUsedSoFar,
    UsagePeriod,
    at_revision,
)
from services.billing.processes import consolidating, correcting, invoicing, progressive, truing_up
from services.billing.projections.invoices import invoice_parts, waiting_bills
from services.billing.projections.invoices.waiting_bills import WaitingDay
from services.billing.projections.subscriptions import running_usage, usage_periods
from shared.contracts.usage import (
    GroupTotal,
    UsagePeriodAdvancedV1,
    UsagePeriodClosedV1,
    UsagePeriodPartV1,
    UsagePeriodRevisedV1,
)
from shared.messages import Message
from shared.orders import Order
from shared.periods import local_day
from shared.unit_of_work import UnitOfWork


def period_advanced(message: Message, unit: UnitOfWork) -> Iterator[Order]:
    """It is kept by day of the tenant, for what was used and is not billed; only interim invoices come of it."""
    body = message.read(UsagePeriodAdvancedV1)
    told = body.period_id, _totals(body.totals), _day(message, unit)
    if body.parts == 1:
        is_progressive = running_usage.tell(unit, *told)
    else:
        is_progressive = running_usage.tell_part(unit, *told, part=body.parts, parts=body.parts)
    if is_progressive:
        yield from bill_ahead(unit, body.subscription_id, body.period_id)


def bill_ahead(unit: UnitOfWork, subscription_id: UUID, period_id: UUID) -> Iterator[Order]:
    """An interim invoice, where usage that shares thresholds with a period has come to the next of them."""
    waiting_bills.alone(unit.session, unit.tenant_id)
    subscription, period = unit.state(SUBSCRIPTION, subscription_id), unit.state(USAGE_PERIOD, period_id)
    items = progressive.shared_items(subscription, period.item)
    ids = [item.period_id for item in items]
    running = running_usage.told_before(unit, unit.now + timedelta.resolution, ids)
    told = {id_: total.totals for id_, total in running.items()}
    periods = {id_: unit.state(USAGE_PERIOD, id_) for id_ in told}
    bill = progressive.interim_bill(subscription, items, periods, told, unit.now, _taxed(unit, subscription))
    if bill is None:
        return
    for id_ in (item.period_id for item in bill.used):
        yield Order(USAGE_PERIOD, id_, RecordUsedSoFar(totals=told[id_], told_at=running[id_].told_at))
    for _ in unit.execute(SUBSCRIPTION, subscription_id, RequestInterimBill(bill=bill)):
        yield from complete(unit, unit.state(SUBSCRIPTION, subscription_id), bill)


def _taxed(unit: UnitOfWork, subscription: Subscription) -> progressive.Taxed:
    customer: Customer | None = unit.state(CUSTOMER, subscription.party.customer_id)
    return progressive.Taxed(status=customer.tax if customer else None, taxation=taxation_of(unit, customer))


def period_part(message: Message, unit: UnitOfWork) -> Iterator[Order]:
    """Of running totals it is kept with them; of a closing or a revision the period keeps it, until the last one comes."""
    body = message.read(UsagePeriodPartV1)
    totals = _totals(body.totals)
    if body.of == "advanced":
        running_usage.tell_part(unit, body.period_id, totals, _day(message, unit), part=body.part, parts=body.parts)
        return
    command = RecordPart(part=body.part, parts=body.parts, totals=totals, event_ids=tuple(body.event_ids))
    yield Order(USAGE_PERIOD, body.period_id, command)


def _day(message: Message, unit: UnitOfWork) -> date:
    return local_day(message.time, unit.state(TENANT_SETTINGS, unit.tenant_id).zone)


def period_closed(message: Message, unit: UnitOfWork) -> Iterator[Order]:
    body = message.read(UsagePeriodClosedV1)
    waiting_bills.alone(unit.session, unit.tenant_id)
    known: UsagePeriod | None = unit.state(USAGE_PERIOD, body.period_id)
    if known is None or not known.closed:
        totals = _whole(known, body).totals
        yield Order(USAGE_PERIOD, body.period_id, RecordClosing(totals=totals, learned_at=body.learned_at))
    if known is not None and known.is_estimated:
        yield from answer(unit, body.period_id, message.id, correcting.ESTIMATED, ())
    yield from completed(unit, body.subscription_id)


def completed(unit: UnitOfWork, subscription_id: UUID) -> Iterator[Order]:
    """Bills that waited for a period that has closed."""
    waiting = waiting_bills.of_subscription(unit, subscription_id)
    for bill in waiting:
        if bill.together is None:
            yield from complete(unit, unit.state(SUBSCRIPTION, subscription_id), bill)
    for customer_id in {bill.together.customer_id for bill in waiting if bill.together}:
        days = waiting_bills.of_customers(unit.tx, unit.tenant_id, [customer_id], unit.now)
        yield from complete_days(unit, days)


def period_revised(message: Message, unit: UnitOfWork) -> Iterator[Order]:
    """Once for each revision of a period, however often it is told."""
    body = message.read(UsagePeriodRevisedV1)
    waiting_bills.alone(unit.session, unit.tenant_id)
    known: UsagePeriod | None = unit.state(USAGE_PERIOD, body.period_id)
    if known is not None and known.revision >= body.revision:
        return
    whole = _whole(known, body, tuple(body.event_ids))
    command = RecordRevision(revision=body.revision, totals=whole.totals, cause=body.cause, event_ids=whole.event_ids)
    yield Order(USAGE_PERIOD, body.period_id, command)
    yield from answer(unit, body.period_id, message.id, body.cause, whole.event_ids)


def _whole(
    known: UsagePeriod | None, body: UsagePeriodClosedV1 | UsagePeriodRevisedV1, event_ids: tuple[str, ...] = ()
) -> ToldParts[PeriodTotal]:
    """What is told with all its parts, of which the message is the last. Raises PartMissing."""
    told: ToldParts[PeriodTotal] = known.told if known else ToldParts()
    return told.plus(body.parts, body.parts, _totals(body.totals), event_ids)


def answer(
    unit: UnitOfWork, period_id: UUID, correction_id: UUID, cause: str, event_ids: tuple[str, ...]
) -> Iterator[Order]:
    """What a revised period changes of its invoice, if it has one, and of the one that trues up its term."""
    invoice_id, period = usage_periods.invoice_of(unit, period_id), unit.state(USAGE_PERIOD, period_id)
    if invoice_id is None:
        return
    invoice: Invoice = unit.state(INVOICE, invoice_id)
    revised = correcting.Revised(
        correction_id=correction_id,
        item=next(item for item in invoice.header.usage if item.period_id == period_id),
        revision=period.revision,
        cause=cause,
        event_ids=event_ids,
    )
    yield from _correct(unit, invoice, period, revised)
    trued_up = invoice_that_trues_up(unit, period)
    if trued_up is not None and truing_up.follows(unit.state(INVOICE, invoice_id), trued_up, period):
        yield from _correct(unit, trued_up, period, truing_up.once_more(revised))


def invoice_that_trues_up(unit: UnitOfWork, period: UsagePeriod) -> Invoice | None:
    """None while its bill waits as well."""
    bill_id = truing_up.bill_of(unit.state(SUBSCRIPTION, period.subscription_id), period)
    found: Invoice | None = unit.state(INVOICE, invoice_parts.invoice_of(unit, bill_id)) if bill_id else None
    return found


def _correct(unit: UnitOfWork, invoice: Invoice, period: UsagePeriod, revised: correcting.Revised) -> Iterator[Order]:
    state, id_ = partial(unit.state, USAGE_PERIOD), period.subscription_id
    usage = correcting.rated_with(invoice, period.item.period_id, state, partial(_events, unit))
    subscription, version = unit.state(SUBSCRIPTION, id_), unit.version(SUBSCRIPTION, id_)
    yield from correcting.on_period_revised(subscription, version, invoice, usage, revised, desk_of(unit))


def _events(unit: UnitOfWork, period_id: UUID) -> list[Any]:
    return [entry.event for entry in unit.history(USAGE_PERIOD, period_id)]


def complete(unit: UnitOfWork, subscription: Subscription, bill: Bill) -> Iterator[Order]:
    """Draft the invoice if all that it waits for is there."""
    usage = _usage(unit, bill)
    if not invoicing.is_complete(bill, usage):
        return
    version = unit.version(SUBSCRIPTION, subscription.subscription_id)
    yield from invoicing.invoice(subscription, version, bill, usage, desk_of(unit))


def complete_days(unit: UnitOfWork, days: Sequence[WaitingDay]) -> Iterator[Order]:
    """Draft one invoice for each day, if all that its bills wait for is there."""
    for day in days:
        usage = {id_: period for _, bill in day.bills for id_, period in _usage(unit, bill).items()}
        if all(invoicing.is_complete(bill, usage) for _, bill in day.bills):
            wanted = [_wanted(unit, subscription_id, bill) for subscription_id, bill in day.bills]
            yield from consolidating.invoice(wanted, usage, desk_of(unit))


def _wanted(unit: UnitOfWork, subscription_id: UUID, bill: Bill) -> consolidating.Wanted:
    subscription: Subscription = unit.state(SUBSCRIPTION, subscription_id)
    return consolidating.Wanted(subscription, unit.version(SUBSCRIPTION, subscription_id), bill)


def _usage(unit: UnitOfWork, bill: Bill) -> dict[UUID, UsagePeriod]:
    """What was ignored of an earlier bill was not billed, and does not count."""
    earlier = (item.period_id for use in bill.earlier for item in use.usage)
    own = {item.period_id: unit.state(USAGE_PERIOD, item.period_id) for item in bill.of_usage}
    return own | {id_: _as_billed(unit, id_) for id_ in earlier}


def _as_billed(unit: UnitOfWork, period_id: UUID) -> UsagePeriod:
    period: UsagePeriod = unit.state(USAGE_PERIOD, period_id)
    invoice_id = usage_periods.invoice_of(unit, period_id) if period.revision else None
    invoice: Invoice | None = unit.state(INVOICE, invoice_id) if invoice_id else None
    if invoice is None or invoice.facts is None or invoice.revision(period_id) == period.revision:
        return period
    return at_revision(_events(unit, period_id), invoice.revision(period_id))


def _totals(totals: Sequence[GroupTotal]) -> tuple[PeriodTotal, ...]:
    return tuple(PeriodTotal(group=t.group, quantity=t.quantity, count=t.count, digest=t.digest) for t in totals)
