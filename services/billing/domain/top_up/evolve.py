"""How each fact changes the rule that tops a wallet up."""

from __future__ import annotations

from dataclasses import replace

from services.billing.domain.top_up.events import (
    CreditPurchased,
    CreditPurchaseFailed,
    CreditPurchasePending,
    CreditPurchaseRequested,
    TopUpEvent,
    TopUpHeld,
    TopUpSet,
    TopUpStopped,
    TopUpSwitchedOff,
)
from services.billing.domain.top_up.state import TopUp
from shared.decider import CorruptStream
from shared.money import Money


def evolve(top_up: TopUp | None, event: TopUpEvent) -> TopUp:
    match top_up, event:
        case None, TopUpSet(facts=facts, rule=rule):
            return TopUp(facts=facts, rule=rule, spent=Money.zero(rule.amount.currency))
        case TopUp(), TopUpSet(rule=rule):
            nothing = Money.zero(rule.amount.currency)
            return replace(top_up, rule=rule, status="active", spent=nothing, payments=())
        case TopUp(), TopUpSwitchedOff():
            return replace(top_up, status="off")
        case TopUp(), TopUpHeld():
            return replace(top_up, status="held")
        case TopUp(), TopUpStopped():
            return replace(top_up, status="stopped")
        case TopUp(), CreditPurchaseRequested(purchase=purchase):
            return replace(top_up, status="active", under_way=purchase, reference=None, made=purchase.number)
        case TopUp(), CreditPurchasePending(reference=reference):
            return replace(top_up, reference=reference)
        case TopUp(), CreditPurchased():
            return _purchased(top_up, event)
        case TopUp(), CreditPurchaseFailed():
            return replace(top_up, under_way=None)
        case _:
            raise CorruptStream(top_up, event)


def _purchased(top_up: TopUp, event: CreditPurchased) -> TopUp:
    purchase = event.purchase
    return replace(
        top_up,
        under_way=None,
        spent=top_up.spent + purchase.amount,
        month=purchase.month,
        in_month=top_up.bought_in(purchase.month) + 1,
        payments=(*top_up.payments, event.payment_id),
        bought=(*top_up.bought, purchase.key),
    )
