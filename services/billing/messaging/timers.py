"""What billing does when a due date comes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial

from services.billing.desk import desk_of, subscription_of, taxation_of
from services.billing.domain.autopay import AUTOPAY
from services.billing.domain.customer import CUSTOMER, Customer
from services.billing.domain.dunning import DUNNING
from services.billing.domain.dunning.commands import ClimbLadder
from services.billing.domain.dunning.state import Dunning
from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import MarkOverdue
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.late_fee import LATE_FEE
from services.billing.domain.payment_plan import PAYMENT_PLAN
from services.billing.domain.payment_plan.state import PaymentPlan
from services.billing.domain.payment_profile import PAYMENT_PROFILE
from services.billing.domain.quote import QUOTE
from services.billing.domain.quote.commands import ExpireQuote, MarkStale, WithdrawQuote
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.billing import next_invoice_id
from services.billing.domain.subscription.commands import (
    EffectAmendments,
    EffectCancellation,
    EffectTransfer,
    EndPause,
    EndTerm,
    EndTrial,
    ExpireSubscription,
    RemindOfEnd,
    RequestBill,
    StartTerm,
)
from services.billing.domain.subscription.state import Subscription
from services.billing.domain.top_up import TOP_UP
from services.billing.domain.top_up.state import TopUp
from services.billing.domain.usage_period import USAGE_PERIOD
from services.billing.domain.wallet import WALLET
from services.billing.domain.wallet.state import Wallet
from services.billing.messaging.from_outcomes import outcomes_due
from services.billing.messaging.from_usage import complete, complete_days
from services.billing.processes import (
    autopaying,
    consolidating,
    crediting,
    included_credit,
    instalments,
    invoicing,
    late_fees,
    metering,
    renewing,
    topping_up,
    transferring,
)
from services.billing.projections import (
    invoices,
    payment_plans,
    quotes,
    top_ups,
    usage_periods,
    waiting_bills,
    wallets,
)
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


def transfer(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    """It goes on as the new customer's within the same transaction."""
    yield Order(SUBSCRIPTION, timer.subject, EffectTransfer(at=timer.fire_at))
    for order in transferring.on_effected(unit.state(SUBSCRIPTION, timer.subject), timer.fire_at):
        yield order
        yield from metering.on_subscription_created(unit.state(SUBSCRIPTION, order.stream_id))


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
    request = RequestBill(
        at=timer.fire_at,
        tax=customer.tax if customer else None,
        taxation=taxation_of(unit, customer),
        is_consolidated=customer is not None
        and customer.invoicing_on(subscription.day(timer.fire_at)) == "consolidated",
    )
    for event in unit.execute(SUBSCRIPTION, timer.subject, request):
        if event.bill.together is None:
            yield from complete(unit, unit.state(SUBSCRIPTION, timer.subject), event.bill)


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


def credit_expiry(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    wallet: Wallet = unit.state(WALLET, timer.subject)
    id_ = wallets.running(unit, wallet, local_day(timer.fire_at, wallet.facts.zone))
    running = None if id_ is None else unit.state(WALLET, id_)
    yield from included_credit.on_expiry(wallet, running, timer.fire_at)


def top_up(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    """Whether enough is left, of the wallet and of all that was bought for it."""
    state: TopUp = unit.state(TOP_UP, timer.subject)
    if state.watches:
        yield Order(TOP_UP, timer.subject, top_ups.check_of(unit, state))


def purchase_given_up(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    """What a webhook tells later is money all the same."""
    yield from topping_up.on_given_up(unit.state(TOP_UP, timer.subject), timer.fire_at)


def late_fee(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    """Who keeps a payment plan is not late."""
    if payment_plans.standing_of(unit, timer.subject) is not None:
        return
    scheduled = unit.state(LATE_FEE, timer.subject)
    yield from late_fees.on_due(unit.state(INVOICE, timer.subject), scheduled, desk_of(unit))


def autopay(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    """Not of what was agreed to be paid in instalments."""
    if payment_plans.standing_of(unit, timer.subject) is not None:
        return
    invoice = unit.state(INVOICE, timer.subject)
    profile = unit.state(PAYMENT_PROFILE, invoice.header.party.customer_id)
    yield from autopaying.on_due(invoice, profile, timer.fire_at)


def autopay_given_up(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    """The schedule goes on; what a webhook tells later is money all the same."""
    state = unit.state(AUTOPAY, timer.subject)
    yield from autopaying.on_given_up(state, timer.fire_at)


def dunning_step(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    """The stream of what a customer owes beside any subscription has the customer's id."""
    dunning: Dunning = unit.state(DUNNING, timer.subject)
    subscription_id = None if timer.subject == dunning.customer_id else timer.subject
    yield Order(DUNNING, timer.subject, ClimbLadder(subscription_id=subscription_id, at=timer.fire_at))


def instalments_due(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    """Nothing of a plan that has ended, and nothing where the customer has stopped autopay."""
    plan: PaymentPlan = unit.state(PAYMENT_PLAN, timer.subject)
    if plan.status == "standing":
        profile = unit.state(PAYMENT_PROFILE, plan.agreement.customer_id)
        parts = payment_plans.parts_of_plan(unit, plan.agreement)
        yield from autopaying.on_instalments_due(plan.agreement, parts, profile, timer.fire_at)


def payment_plan_review(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    yield from instalments.review(
        timer.subject, partial(unit.state, PAYMENT_PLAN), partial(payment_plans.owing, unit), timer.fire_at
    )


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


def _consolidations(timers: Sequence[Timer], session: Session) -> None:
    """What the waiting bills of these customers are of, and whose invoices they will be."""
    tenant_id, customers = timers[0].tenant_id, [timer.subject for timer in timers]
    waiting_bills.alone(session, tenant_id)
    days = waiting_bills.of_customers(session.connection, tenant_id, customers, timers[0].fire_at)
    for timer in timers:
        mine = [day for day in days if day.customer_id == timer.subject]
        session.kept["waiting_days", timer.subject, timer.fire_at] = mine
    waiting = [each for day in days for each in day.bills]
    session.load(SUBSCRIPTION, tenant_id, [subscription_id for subscription_id, _ in waiting])
    session.load(USAGE_PERIOD, tenant_id, [item.period_id for _, bill in waiting for item in bill.usage])
    ids = [id_ for _, bill in waiting for id_ in (bill.invoice_id, consolidating.consolidated_id(bill.invoice_id))]
    session.load(INVOICE, tenant_id, ids)


PREPARATIONS: Mapping[str, Preparation] = {"bill": _bills, "consolidation": _consolidations}

TIMERS: Mapping[str, TimerHandler] = {
    handler.__name__: handler
    for handler in (
        quote_expiry,
        amendments,
        cancellation,
        transfer,
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
        outcomes_due,
        bill,
        consolidation,
        unused_time,
        review_over,
        credit_expiry,
        top_up,
        purchase_given_up,
        invoice_overdue,
        late_fee,
        autopay,
        autopay_given_up,
        dunning_step,
        instalments_due,
        payment_plan_review,
    )
}
