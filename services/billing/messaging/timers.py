"""What billing does when a due date comes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from services.billing.desk import desk_of
from services.billing.domain.customer import CUSTOMER, Customer
from services.billing.domain.dunning import DUNNING
from services.billing.domain.dunning.commands import ClimbLadder
from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import MarkOverdue
from services.billing.domain.late_fee import LATE_FEE
from services.billing.domain.payment_profile import PAYMENT_PROFILE
from services.billing.domain.quote import QUOTE
from services.billing.domain.quote.commands import ExpireQuote, MarkStale, WithdrawQuote
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.billing import bill as bill_of
from services.billing.domain.subscription.billing import next_invoice_id
from services.billing.domain.subscription.commands import (
    EffectAmendments,
    EffectCancellation,
    EndPause,
    EndTerm,
    EndTrial,
    ExpireSubscription,
    RemindOfEnd,
    RequestBill,
    StartTerm,
)
from services.billing.domain.subscription.state import Subscription
from services.billing.domain.usage_period import USAGE_PERIOD
from services.billing.messaging.from_usage import complete
from services.billing.processes import autopaying, crediting, invoicing, late_fees, metering, renewing
from services.billing.projections import invoices, quotes, usage_periods, waiting_bills
from shared.event_store import StreamKey
from shared.orders import Order
from shared.periods import local_day
from shared.timers import Preparation, Timer, TimerHandler
from shared.unit_of_work import Session, UnitOfWork


def quote_expiry(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    yield Order(QUOTE, timer.subject, ExpireQuote(at=timer.fire_at))


def cancellation(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    yield Order(SUBSCRIPTION, timer.subject, EffectCancellation(at=timer.fire_at))


def amendments(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    yield Order(SUBSCRIPTION, timer.subject, EffectAmendments(at=timer.fire_at))


def pause_end(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    yield Order(SUBSCRIPTION, timer.subject, EndPause(at=timer.fire_at))


def trial_end(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    yield Order(SUBSCRIPTION, timer.subject, EndTrial(at=timer.fire_at))


def notice_deadline(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    yield from renewing.on_notice_deadline(unit.state(SUBSCRIPTION, timer.subject), timer.fire_at)


def superseded_quotes(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    """What was offered for a term that has renewed by itself."""
    for id_ in quotes.open_renewals(unit, timer.subject):
        yield Order(QUOTE, id_, WithdrawQuote(reason="the term renewed by itself"))


def term_start(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    yield Order(SUBSCRIPTION, timer.subject, StartTerm(at=timer.fire_at))


def term_ending(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    yield Order(SUBSCRIPTION, timer.subject, RemindOfEnd(at=timer.fire_at))


def term_end(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    yield Order(SUBSCRIPTION, timer.subject, EndTerm(at=timer.fire_at))


def window_end(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    yield Order(SUBSCRIPTION, timer.subject, ExpireSubscription(at=timer.fire_at))


def period_start(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    yield from metering.on_period_started(unit.state(SUBSCRIPTION, timer.subject), timer.fire_at)


def renewed_periods(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    yield from metering.on_term_renewed(unit.state(SUBSCRIPTION, timer.subject), timer.fire_at)


def cut_periods(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    """What is not used any more ends, and what is used on other conditions begins."""
    subscription = unit.state(SUBSCRIPTION, timer.subject)
    ids = usage_periods.ending_after(unit, timer.subject, subscription.day(timer.fire_at))
    yield from metering.on_cut(subscription, [unit.state(USAGE_PERIOD, id_) for id_ in ids])
    yield from metering.on_changed(subscription, timer.fire_at)


def outdated_quotes(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    for id_ in quotes.open_renewals(unit, timer.subject):
        yield Order(QUOTE, id_, MarkStale(reason="the subscription was changed"))


def unused_time(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    subscription, version = unit.state(SUBSCRIPTION, timer.subject), unit.version(SUBSCRIPTION, timer.subject)
    for id_ in invoices.with_flat_charges_after(unit, timer.subject, subscription.day(timer.fire_at)):
        yield from crediting.credit_unused(subscription, version, unit.state(INVOICE, id_), desk_of(unit))


def bill(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    waiting_bills.alone(unit.session, unit.tenant_id)
    subscription: Subscription = unit.state(SUBSCRIPTION, timer.subject)
    customer: Customer | None = unit.state(CUSTOMER, subscription.party.customer_id)
    tax = customer.tax if customer else None
    wanted = bill_of(subscription, timer.fire_at, tax)
    if wanted is not None:
        yield Order(SUBSCRIPTION, timer.subject, RequestBill(at=timer.fire_at, tax=tax))
        yield from complete(unit, unit.state(SUBSCRIPTION, timer.subject), wanted)


def review_over(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    draft = unit.state(INVOICE, timer.subject)
    if draft.status == "draft":
        id_ = draft.header.subscription_id
        yield from invoicing.issue(unit.state(SUBSCRIPTION, id_), unit.version(SUBSCRIPTION, id_), draft, desk_of(unit))


def invoice_overdue(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    zone = unit.state(INVOICE, timer.subject).header.party.zone
    yield Order(INVOICE, timer.subject, MarkOverdue(on=local_day(timer.fire_at, zone)))


def late_fee(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    scheduled = unit.state(LATE_FEE, timer.subject)
    yield from late_fees.on_due(unit.state(INVOICE, timer.subject), scheduled, timer.fire_at)


def autopay(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    invoice = unit.state(INVOICE, timer.subject)
    profile = unit.state(PAYMENT_PROFILE, invoice.header.party.customer_id)
    yield from autopaying.on_due(invoice, profile, timer.fire_at)


def dunning_step(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    yield Order(DUNNING, timer.subject, ClimbLadder(subscription_id=timer.subject, at=timer.fire_at))


def _bills(timers: Sequence[Timer], session: Session) -> None:
    """The subscriptions, the usage periods that their bills wait for, whose invoices they will be, and how those are taxed."""
    tenant_id, ids = timers[0].tenant_id, [timer.subject for timer in timers]
    waiting_bills.alone(session, tenant_id)
    session.load(SUBSCRIPTION, tenant_id, ids)
    last_day = max(timer.fire_at for timer in timers).date() + timedelta(days=1)
    session.load(USAGE_PERIOD, tenant_id, usage_periods.unbilled(session, tenant_id, ids, last_day))
    streams = (session.stream(SUBSCRIPTION, StreamKey(tenant_id, SUBSCRIPTION.category, id_)) for id_ in ids)
    known: list[Subscription] = [stream.state for stream in streams if stream.state is not None]
    session.load(INVOICE, tenant_id, [next_invoice_id(subscription) for subscription in known])
    session.load(CUSTOMER, tenant_id, [subscription.party.customer_id for subscription in known])


PREPARATIONS: Mapping[str, Preparation] = {"bill": _bills}

TIMERS: Mapping[str, TimerHandler] = {
    handler.__name__: handler
    for handler in (
        quote_expiry,
        amendments,
        cancellation,
        pause_end,
        outdated_quotes,
        trial_end,
        notice_deadline,
        superseded_quotes,
        term_start,
        term_ending,
        term_end,
        window_end,
        period_start,
        renewed_periods,
        cut_periods,
        bill,
        unused_time,
        review_over,
        invoice_overdue,
        late_fee,
        autopay,
        dunning_step,
    )
}
