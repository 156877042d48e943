"""Which due dates events of credit, of collecting and of dunning set."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from services.billing.domain.autopay import (
    GIVEN_UP_AFTER,
    AutopayPostponed,
    AutopayRequested,
    AutopayScheduled,
    OfInstalment,
)
from services.billing.domain.budget.events import BudgetSet
from services.billing.domain.dunning.events import (
    DebtRecovered,
    DebtReduced,
    DebtRestored,
    DebtsHeld,
    DebtsReleased,
    DebtTracked,
)
from services.billing.domain.payment_plan.charges import charges_at
from services.billing.domain.payment_plan.events import PaymentPlanAgreed
from services.billing.domain.top_up.events import CreditPurchased, CreditPurchaseRequested, TopUpHeld, TopUpSet
from services.billing.domain.top_up.state import GIVEN_UP_AFTER as PURCHASE_GIVEN_UP_AFTER
from services.billing.domain.wallet.events import (
    CreditDrawn,
    CreditExpired,
    CreditGranted,
    CreditRolledOver,
    WalletFacts,
    WalletTerms,
)
from services.billing.processes.due_dates import BILLS, DUNNING, TERMS, due
from shared.event_store import Recorded
from shared.periods import start_of_day
from shared.timers import Timer


def of_credit(recorded: Recorded) -> Iterator[Timer]:
    match recorded.event:
        case CreditGranted(facts=facts, terms=WalletTerms(expires_on=date() as expires_on)):
            yield due(recorded, "credit_expiry", start_of_day(expires_on, facts.zone), TERMS)
        case CreditDrawn() | CreditExpired() | CreditRolledOver() | TopUpSet() | TopUpHeld() | CreditPurchased():
            yield from _top_up(recorded)
        case CreditPurchaseRequested(purchase=purchase):
            yield due(recorded, "purchase_given_up", purchase.requested_at + PURCHASE_GIVEN_UP_AFTER, BILLS)


def of_collection(recorded: Recorded) -> Iterator[Timer]:
    match recorded.event:
        case AutopayRequested(attempt=attempt):
            yield due(recorded, "autopay_given_up", attempt.requested_at + GIVEN_UP_AFTER, BILLS)
        case AutopayPostponed(attempts_at=attempts_at, instalment=OfInstalment(plan_id=plan_id)):
            yield from (due(recorded, "instalments_due", at, BILLS, plan_id) for at in attempts_at)
        case AutopayScheduled(attempts_at=attempts_at) | AutopayPostponed(attempts_at=attempts_at):
            yield from (due(recorded, "autopay", at, BILLS) for at in attempts_at)
        case BudgetSet():
            yield due(recorded, "budget_check", recorded.cause.occurred_at, DUNNING)
        case PaymentPlanAgreed(agreement=agreement, reviews_at=reviews_at):
            yield from (due(recorded, "payment_plan_review", at, DUNNING) for at in reviews_at)
            charges = charges_at(agreement, recorded.cause.occurred_at)
            yield from (due(recorded, "instalments_due", at, BILLS) for at in charges)


def of_dunning(recorded: Recorded) -> Iterator[Timer]:
    match recorded.event:
        case (
            DebtTracked(steps_at=at)
            | DebtReduced(steps_at=at)
            | DebtRestored(steps_at=at)
            | DebtRecovered(steps_at=at)
            | DebtsHeld(steps_at=at)
            | DebtsReleased(steps_at=at)
        ):
            yield from (due(recorded, "dunning_step", step_at, DUNNING) for step_at in at)


def _top_up(recorded: Recorded) -> Iterator[Timer]:
    """When somebody looks whether enough is left. What a person or a bank takes away asks for nothing."""
    match recorded.event:
        case TopUpHeld(until=until):
            yield due(recorded, "top_up", until, BILLS)
        case TopUpSet() | CreditPurchased():
            yield due(recorded, "top_up", recorded.cause.occurred_at, BILLS)
        case (
            CreditDrawn(facts=WalletFacts(topped_up_as=UUID() as watched))
            | CreditExpired(facts=WalletFacts(topped_up_as=UUID() as watched))
            | CreditRolledOver(facts=WalletFacts(topped_up_as=UUID() as watched))
        ):
            yield due(recorded, "top_up", recorded.cause.occurred_at, BILLS, watched)
