"""What billing answers to renewals that were won, where somebody is charged for them: it closes the periods itself."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID, uuid5

from services.billing.domain.outcome import WON_RENEWAL, NoteWonRenewal, WonRenewal
from services.billing.domain.period_total import PeriodTotal
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.state import Subscription
from services.billing.domain.usage_period import USAGE_PERIOD, UsagePeriod
from services.billing.messaging import from_usage
from services.billing.processes import outcomes
from services.billing.projections.invoices import waiting_bills
from services.billing.projections.subscriptions import won_renewals
from shared.contracts.renewals import RenewalWonV1
from shared.messages import Message
from shared.money import Money
from shared.orders import Order
from shared.timers import Timer
from shared.unit_of_work import UnitOfWork


def outcomes_due(timer: Timer, unit: UnitOfWork) -> Iterator[Order]:
    """A period of outcomes closes, or was shortened after it had closed."""
    waiting_bills.alone(unit.session, unit.tenant_id)
    period: UsagePeriod = unit.state(USAGE_PERIOD, timer.subject)
    if period.closed:
        yield from _revised(unit, timer.subject, timer.id, "shortened", ())
        return
    yield from outcomes.on_due(period, _totals(unit, period), timer.fire_at)
    yield from from_usage.completed(unit, period.subscription_id)


def renewal_won(message: Message, body: RenewalWonV1, unit: UnitOfWork) -> Iterator[Order]:
    """Noted once, whoever is charged for it; what is heard late corrects the period in which it was won."""
    waiting_bills.alone(unit.session, unit.tenant_id)
    value = body.base_minor if body.value_minor is None else body.value_minor
    renewal = WonRenewal(
        opportunity_id=body.opportunity_id,
        subscription_id=body.subscription_id,
        customer_key=body.customer_key,
        term_number=body.term_number,
        value=Money(value, body.currency),
        won_at=body.accepted_at,
    )
    yield Order(WON_RENEWAL, body.opportunity_id, NoteWonRenewal(renewal=renewal))
    for period_id in won_renewals.periods_at(unit, renewal.won_at):
        yield from _revised(unit, period_id, message.id, "renewal_won", (body.opportunity_id,))


def _revised(unit: UnitOfWork, period_id: UUID, id_: UUID, cause: str, news: tuple[UUID, ...]) -> Iterator[Order]:
    before: UsagePeriod = unit.state(USAGE_PERIOD, period_id)
    yield from outcomes.on_news(before, _totals(unit, before), cause, news)
    if unit.state(USAGE_PERIOD, period_id).revision > before.revision:
        event_ids = tuple(str(each) for each in news)
        yield from from_usage.answer(unit, period_id, uuid5(id_, str(period_id)), cause, event_ids)


def _totals(unit: UnitOfWork, period: UsagePeriod) -> tuple[PeriodTotal, ...]:
    subscription: Subscription = unit.state(SUBSCRIPTION, period.subscription_id)
    return outcomes.totals_of(period, won_renewals.within(unit, period), subscription.currency)
