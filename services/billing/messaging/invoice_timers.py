"""What is billed when a due date comes, alone and for many at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from services.billing.desk import desk_of, metered_before, subscription_of, taxation_of
from services.billing.domain.customer import CUSTOMER, Customer
from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import MarkOverdue
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.billing import next_invoice_id
from services.billing.domain.subscription.commands import RequestBill
from services.billing.domain.subscription.committed import counted_by
from services.billing.domain.subscription.state import Subscription
from services.billing.domain.usage_period import USAGE_PERIOD
from services.billing.messaging.from_usage import complete, complete_days, completed
from services.billing.processes import (
    consolidating,
    crediting,
    estimating,
    invoicing,
    progressive,
)
from services.billing.projections.invoices import invoices, waiting_bills
from services.billing.projections.subscriptions import running_usage, usage_periods
from shared.event_store import StreamKey
from shared.orders import Order
from shared.periods import local_day
from shared.timers import Timer
from shared.unit_of_work import Session, UnitOfWork


def unused_time(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    subscription, version = unit.state(SUBSCRIPTION, timer.subject), unit.version(SUBSCRIPTION, timer.subject)
    day = subscription.day(timer.fire_at)
    if subscription.cancelled is not None:
        day = min(day, subscription.cancelled.on)
    for id_ in invoices.with_flat_charges_after(unit, timer.subject, day):
        yield from crediting.credit_unused(subscription, version, unit.state(INVOICE, id_), desk_of(unit))


def bill(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    waiting_bills.alone(unit.session, unit.tenant_id)
    subscription: Subscription = unit.state(SUBSCRIPTION, timer.subject)
    customer: Customer | None = unit.state(CUSTOMER, subscription.party.customer_id)
    request = RequestBill(
        at=timer.fire_at,
        tax=customer.tax if customer else None,
        taxation=taxation_of(unit, customer),
        is_consolidated=customer is not None
        and customer.invoicing_on(subscription.day(timer.fire_at)) == "consolidated",
        metered=metered_before(unit, subscription, timer.fire_at),
    )
    yield from progressive.withdraw_drafts(subscription, timer.fire_at, desk_of(unit))
    for event in unit.execute(SUBSCRIPTION, timer.subject, request):
        if event.bill.together is None:
            yield from complete(unit, unit.state(SUBSCRIPTION, timer.subject), event.bill)


def estimate(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    """A bill has waited long enough: what usage told last of its periods is billed, and settled when they close."""
    waiting_bills.alone(unit.session, unit.tenant_id)
    for bill in waiting_bills.of_subscription(unit, timer.subject):
        if bill.estimate_at is not None and bill.estimate_at <= timer.fire_at:
            periods = [unit.state(USAGE_PERIOD, item.period_id) for item in bill.usage]
            ids = [period.item.period_id for period in periods if not (period.closed or period.outcome)]
            told = running_usage.told_before(unit, timer.fire_at + timedelta.resolution, ids)
            yield from estimating.on_waited(
                ids, {id_: (each.totals, each.told_at) for id_, each in told.items()}, timer.fire_at
            )
    yield from completed(unit, timer.subject)


def consolidation(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    """The day of a customer is over."""
    waiting_bills.alone(unit.session, unit.tenant_id)
    days = unit.session.kept.get(("waiting_days", timer.subject, timer.fire_at))
    if days is None:
        days = waiting_bills.of_customers(unit.tx, unit.tenant_id, [timer.subject], timer.fire_at)
    yield from complete_days(unit, days)


def review_over(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    draft: Invoice = unit.state(INVOICE, timer.subject)
    if draft.status == "draft":
        yield from invoicing.issue(*subscription_of(unit, draft), draft, desk_of(unit))


def invoice_overdue(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    zone = unit.state(INVOICE, timer.subject).header.party.zone
    yield Order(INVOICE, timer.subject, MarkOverdue(on=local_day(timer.fire_at, zone)))


def before_bills(timers: Sequence[Timer], session: Session) -> None:
    """The subscriptions, the usage periods that their bills wait for, whose invoices they will be, and how those are taxed."""
    tenant_id, ids = timers[0].tenant_id, [timer.subject for timer in timers]
    waiting_bills.alone(session, tenant_id)
    session.load(SUBSCRIPTION, tenant_id, ids)
    last_day = max(timer.fire_at for timer in timers).date() + timedelta(days=1)
    session.load(USAGE_PERIOD, tenant_id, usage_periods.unbilled(session, tenant_id, ids, last_day))
    streams = (session.stream(SUBSCRIPTION, StreamKey(tenant_id, SUBSCRIPTION.category, id_)) for id_ in ids)
    known: list[Subscription] = [stream.state for stream in streams if stream.state is not None]
    earlier = [item.period_id for each in known for use in counted_by(each, last_day) for item in use.usage]
    session.load(USAGE_PERIOD, tenant_id, earlier)
    session.load(INVOICE, tenant_id, [next_invoice_id(subscription) for subscription in known])
    session.load(CUSTOMER, tenant_id, [subscription.party.customer_id for subscription in known])


def before_consolidations(timers: Sequence[Timer], session: Session) -> None:
    """What the waiting bills of these customers are of, and whose invoices they will be."""
    tenant_id, customers = timers[0].tenant_id, [timer.subject for timer in timers]
    waiting_bills.alone(session, tenant_id)
    days = waiting_bills.of_customers(session.connection, tenant_id, customers, timers[0].fire_at)
    for timer in timers:
        mine = [day for day in days if day.customer_id == timer.subject]
        session.kept["waiting_days", timer.subject, timer.fire_at] = mine
    waiting = [each for day in days for each in day.bills]
    session.load(SUBSCRIPTION, tenant_id, [subscription_id for subscription_id, _ in waiting])
    session.load(USAGE_PERIOD, tenant_id, [item.period_id for _, bill in waiting for item in bill.metered])
    ids = [id_ for _, bill in waiting for id_ in (bill.invoice_id, consolidating.consolidated_id(bill.invoice_id))]
    session.load(INVOICE, tenant_id, ids)
