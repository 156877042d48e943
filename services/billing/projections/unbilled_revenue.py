"""What was earned by the end of a day and stood on no invoice by then, by currency and revenue class."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from services.billing.domain import unbilled
from services.billing.domain.plan import RevenueClass
from services.billing.domain.usage_period import USAGE_PERIOD, UsagePeriod
from services.billing.projections import contracts
from shared.periods import start_of_day
from shared.unit_of_work import UnitOfWork

Key = tuple[str, RevenueClass]


@dataclass(slots=True)
class Sums:
    """In minor units."""

    flat: int = 0
    usage: int = 0
    fees: int = 0


def at_end_of(unit: UnitOfWork, day: date, zone: str) -> tuple[dict[Key, Sums], int]:
    """Subscriptions and invoices as they stood then, usage as it is known now; and how many periods are open."""
    end = start_of_day(day + timedelta(days=1), zone)
    found: dict[Key, Sums] = {}
    open_periods = 0
    for contract in contracts.between(unit, end, end, day):
        subscription = contract.after
        items = unbilled.usage_items(subscription, contract.waiting, day)
        ids = [item.period_id for item in items]
        unit.session.load(USAGE_PERIOD, unit.tenant_id, ids)
        periods: dict[UUID, UsagePeriod | None] = {id_: unit.state(USAGE_PERIOD, id_) for id_ in ids}
        known = {id_: period for id_, period in periods.items() if period is not None}
        told = unbilled.unbilled(subscription, contract.waiting, known, day)
        open_periods += told.open_periods
        for name in ("flat", "usage", "fees"):
            for revenue_class, minor in getattr(told, name).items():
                sums = found.setdefault((subscription.currency, revenue_class), Sums())
                setattr(sums, name, getattr(sums, name) + minor)
    return {key: found[key] for key in sorted(found) if found[key] != Sums()}, open_periods
