"""How the renewals behind a line look at the API."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from pydantic import BaseModel

from services.billing.api.invoices.invoice_forms import LineOut, SubscriptionId
from services.billing.api.quotes.quote_forms import OpportunityId
from services.billing.domain.usage_period import USAGE_PERIOD, UsagePeriod
from services.billing.processes import outcomes
from services.billing.projections.subscriptions import won_renewals
from shared.ids import shown
from shared.unit_of_work import UnitOfWork


class OutcomeOut(BaseModel):
    """`value_minor` is what the renewed term comes to in a year."""

    opportunity_id: OpportunityId
    subscription_id: SubscriptionId
    customer: str
    value_minor: int
    won_at: datetime


def outcomes_of(unit: UnitOfWork, period: UsagePeriod | None, line: LineOut, currency: str) -> list[OutcomeOut]:
    """What is charged for as it was known at the revision of the line; nothing where it is usage."""
    if period is None or period.outcome is None or line.proof is None:
        return []
    events = [entry.event for entry in unit.history(USAGE_PERIOD, period.item.period_id)]
    counted = outcomes.counted(events, line.proof.revision, won_renewals.within(unit, period), currency)
    return [
        OutcomeOut(
            opportunity_id=renewal.opportunity_id,
            subscription_id=renewal.subscription_id,
            customer=renewal.customer_key,
            value_minor=renewal.value.minor,
            won_at=renewal.won_at,
        )
        for renewal in counted
    ]


def outcomes_read(told: Iterable[OutcomeOut], currency: str) -> Iterator[str]:
    for each in told:
        name, day = shown("opp", each.opportunity_id), each.won_at.date()
        yield f"{name} of {each.customer}, won on {day}: {each.value_minor} minor units of {currency} a year"
