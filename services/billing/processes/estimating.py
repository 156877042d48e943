"""Bills that wait for usage no longer: they are made of what was told of it by then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from uuid import UUID

from services.billing.domain.period_total import PeriodTotal
from services.billing.domain.usage_period import USAGE_PERIOD, RecordUsedSoFar
from shared.orders import Order

# The totals that were told last, and when.
Told = tuple[tuple[PeriodTotal, ...], datetime]


def on_waited(period_ids: Iterable[UUID], told: Mapping[UUID, Told], at: datetime) -> Iterator[Order]:
    """Of a period of which nothing was told by then nothing is billed until it closes."""
    for id_ in period_ids:
        totals, told_at = told.get(id_, ((), at))
        yield Order(USAGE_PERIOD, id_, RecordUsedSoFar(totals=totals, told_at=told_at, is_estimate=True))
