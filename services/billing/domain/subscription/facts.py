"""The contract as every message about a term tells it."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from services.billing.domain.agreement import Party
from services.billing.domain.flat_charges import FlatCharges
from services.billing.domain.subscription.changes import Trial
from services.billing.domain.subscription.events import Facts, Term
from shared.money import Money
from shared.periods import start_of_day


def facts_of(subscription_id: UUID, party: Party, term: Term) -> Facts:
    line = term.line
    return Facts(
        subscription_id=subscription_id,
        party=party,
        plan=line.plan,
        plan_version=line.plan_version,
        features=line.granted,
        term_number=term.number,
        starts_on=term.starts_on,
        ends_on=term.ends_on,
        starts_at=start_of_day(term.starts_on, party.zone),
        ends_at=start_of_day(term.ends_on, party.zone),
        renewal=line.renewal,
        base=FlatCharges(line=line, currency=party.currency, anchor=term.starts_on, zone=party.zone).annual_value(),
        quantity=line.quantity,
    )


def trial_facts(subscription_id: UUID, party: Party, term: Term, trial: Trial) -> Facts:
    """Term number 0, which nobody renews and which is worth nothing. Where it converts, a day of grace bridges the time
    until everybody has heard of it."""
    grace_days = 1 if trial.converts else 0
    unrenewed = replace(term.line.renewal, policy="", version=0, grace_days=grace_days, reinstatement_days=0)
    line = replace(term.line, renewal=unrenewed)
    tried = replace(term, number=0, starts_on=trial.starts_on, ends_on=trial.ends_on, line=line)
    return replace(facts_of(subscription_id, party, tried), base=Money.zero(party.currency))
