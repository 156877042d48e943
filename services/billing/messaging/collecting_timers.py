"""What is done about money when a due date comes: credit, payment, dunning."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from services.billing.desk import desk_of
from services.billing.domain.autopay import AUTOPAY
from services.billing.domain.budget import BUDGET
from services.billing.domain.dunning import DUNNING
from services.billing.domain.dunning.commands import ClimbLadder
from services.billing.domain.dunning.state import Dunning
from services.billing.domain.invoice import INVOICE
from services.billing.domain.late_fee import LATE_FEE
from services.billing.domain.payment_plan import PAYMENT_PLAN
from services.billing.domain.payment_plan.state import PaymentPlan
from services.billing.domain.payment_profile import PAYMENT_PROFILE
from services.billing.domain.top_up import TOP_UP
from services.billing.domain.top_up.state import TopUp
from services.billing.domain.wallet import WALLET
from services.billing.domain.wallet.state import Wallet
from services.billing.processes import (
    autopaying,
    included_credit,
    instalments,
    late_fees,
    topping_up,
)
from services.billing.projections.budgets import budget_checks, budgets
from services.billing.projections.payments import payment_plans, top_ups, wallets
from services.billing.projections.subscriptions import subscriptions
from shared.orders import Order
from shared.periods import local_day
from shared.timers import Timer
from shared.unit_of_work import UnitOfWork


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


def budget_check(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    """What was billed before it was set, or meanwhile."""
    yield Order(BUDGET, timer.subject, budget_checks.billed_by_now(unit, budgets.get(unit, timer.subject)))


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
    """The stream of what a customer owes beside any subscription has the customer's id. One that waits has nothing that could
    be suspended."""
    dunning: Dunning = unit.state(DUNNING, timer.subject)
    subscription_id = None if timer.subject == dunning.customer_id else timer.subject
    waits = subscription_id is not None and bool(subscriptions.waiting(unit, [subscription_id]))
    command = ClimbLadder(subscription_id=subscription_id, at=timer.fire_at, only_reminds=waits)
    yield Order(DUNNING, timer.subject, command)


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
