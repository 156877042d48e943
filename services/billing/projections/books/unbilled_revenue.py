"""What was earned by the end of a day and stood on no invoice by then, by currency and revenue class."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from services.billing.domain import unbilled
from services.billing.domain.contract_value import ByClass
from services.billing.domain.plan import RevenueClass
from services.billing.domain.subscription.events import UsageItem
from services.billing.domain.subscription.state import Subscription
from services.billing.domain.usage_period import USAGE_PERIOD, UsagePeriod
from services.billing.projections.invoices.interim_lines import billed_ahead
from services.billing.projections.subscriptions import running_usage
from services.billing.projections.subscriptions.contract_questions import (
    OpenContract,
    conditions,
    open_contracts,
    usage_items,
)
from services.billing.projections.subscriptions.running_usage import RunningTotal
from services.billing.projections.subscriptions.shared_lines import SharedLines
from services.billing.projections.subscriptions.usage_periods import closed_among
from shared.periods import start_of_day
from shared.unit_of_work import UnitOfWork

Key = tuple[str, RevenueClass]
# Contracts with all their usage, and with what of it has begun and is on no invoice.
Used = list[tuple[OpenContract, tuple[UsageItem, ...], list[UsageItem]]]
DAY = timedelta(days=1)


@dataclass(slots=True)
class Sums:
    """In minor units; `running` is usage of periods that are open."""

    flat: int = 0
    usage: int = 0
    running: int = 0
    fees: int = 0


@dataclass(slots=True)
class Unbilled:
    """Of `open_periods` usage has told of those in `told`, by then, and when it did last."""

    sums: dict[Key, Sums] = field(default_factory=dict)
    open_periods: int = 0
    told: Mapping[UUID, RunningTotal] = field(default_factory=dict)

    def add(self, name: str, currency: str, found: ByClass) -> None:
        for revenue_class, minor in found.items():
            sums = self.sums.setdefault((currency, revenue_class), Sums())
            setattr(sums, name, getattr(sums, name) + minor)


def at_end_of(unit: UnitOfWork, day: date, zone: str) -> Unbilled:
    """Subscriptions and invoices as they stood then; usage of periods that were over and are closed as it is known now, of all
    others as it was told last by then."""
    end = start_of_day(day + DAY, zone)
    found, used, items = Unbilled(), Used(), usage_items(unit, end)
    for contract in open_contracts(unit, end, day):
        found.add("flat", contract.currency, unbilled.flat_charges(contract.items, contract.billed, day))
        found.add("fees", contract.currency, unbilled.fees(contract.items, contract.billed, day))
        of_contract = items.get(contract.subscription_id, ())
        begun = unbilled.usage_items(of_contract, contract.billed, day)
        if begun:
            used.append((contract, of_contract, begun))
    _add_usage(unit, found, used, end, day)
    found.sums = {key: found.sums[key] for key in sorted(found.sums) if found.sums[key] != Sums()}
    return found


def _add_usage(unit: UnitOfWork, found: Unbilled, used: Used, end: datetime, day: date) -> None:
    items = {item.period_id: item for *_, begun in used for item in begun}
    closed = _closed(unit, [id_ for id_, item in items.items() if item.ends_on <= day + DAY])
    found.open_periods = len(items) - len(closed)
    found.told = running_usage.told_before(unit, end, items.keys() - closed.keys())
    rated = [each for each in used if any(_is_known(i, closed, found.told) for i in each[2])]
    ids = [contract.subscription_id for contract, *_ in rated]
    subscriptions = conditions(unit, ids, SharedLines(), until=end)
    ahead = billed_ahead(unit, items, day)
    for contract, of_contract, begun in rated:
        subscription = subscriptions[contract.subscription_id]
        over = [item for item in begun if item.period_id in closed]
        found.add("usage", contract.currency, unbilled.usage(subscription, over, closed, day, are_over=True))
        found.add("usage", contract.currency, unbilled.less(ahead, over))
        for term in unbilled.of_terms_over(subscription, of_contract, begun, day):
            of_term = _closed(unit, [item.period_id for item in term])
            found.add("usage", contract.currency, unbilled.true_up(subscription, term, of_term, day))
        going_on = [item for item in begun if item.period_id in found.told]
        periods = {i.period_id: _as_told(subscription, i, found.told[i.period_id]) for i in going_on}
        found.add("running", contract.currency, unbilled.usage(subscription, going_on, periods, day, are_over=False))
        found.add("running", contract.currency, unbilled.less(ahead, going_on))


def _closed(unit: UnitOfWork, ids: Iterable[UUID]) -> dict[UUID, UsagePeriod]:
    closed = closed_among(unit, ids)
    unit.session.load(USAGE_PERIOD, unit.tenant_id, closed)
    return {id_: unit.state(USAGE_PERIOD, id_) for id_ in closed}


def _is_known(item: UsageItem, closed: Mapping[UUID, UsagePeriod], told: Mapping[UUID, RunningTotal]) -> bool:
    return item.period_id in closed or item.period_id in told


def _as_told(subscription: Subscription, item: UsageItem, told: RunningTotal) -> UsagePeriod:
    ends_at = subscription.instant(item.ends_on)
    return UsagePeriod(subscription_id=subscription.subscription_id, item=item, ends_at=ends_at, totals=told.totals)
