"""How a subscription begins: with its first term, a trial before it, or waiting for what was agreed."""

from __future__ import annotations

from services.billing.domain.subscription.commands import CreateSubscription, TakeOverSubscription
from services.billing.domain.subscription.events import SubscriptionCreated, Term
from services.billing.domain.subscription.facts import facts_of, trial_facts
from services.billing.domain.subscription.trying import trial_of
from services.billing.domain.subscription.waiting import waits_for


def created(command: CreateSubscription | TakeOverSubscription) -> SubscriptionCreated:
    match command:
        case CreateSubscription():
            return _sold(command)
        case TakeOverSubscription(subscription_id=id_, party=party, term=term, origin=origin):
            return SubscriptionCreated(facts=facts_of(id_, party, term), term=term, origin=origin)


def _sold(command: CreateSubscription) -> SubscriptionCreated:
    line = command.line
    days = line.days
    term = Term(
        number=1,
        starts_on=days.start,
        ends_on=days.end,
        line=line,
        quote_id=command.quote_id,
        purchase_order=command.purchase_order,
    )
    if not line.trial_days:
        facts = facts_of(command.subscription_id, command.party, term)
        waits = waits_for(line, command.purchase_order)
        return SubscriptionCreated(facts=facts, term=term, one_offs=command.one_offs, waits_for=waits)
    trial = trial_of(line)
    facts = trial_facts(command.subscription_id, command.party, term, trial)
    return SubscriptionCreated(facts=facts, term=term, trial=trial, one_offs=command.one_offs)
