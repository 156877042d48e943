"""A usage period as it stands: its terms, and what is counted so far."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal
from uuid import UUID

from services.usage.domain.tally import GroupTotal
from services.usage.domain.usage_period.thresholds import Thresholds

Totals = tuple[GroupTotal, ...]
RevisionCause = Literal["late_events", "corrections", "recount"]


@dataclass(frozen=True, slots=True)
class EventName:
    """What identifies an event within its tenant."""

    source: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodTerms:
    """Counts the events of `subjects` with starts_at <= time < ends_at that match the meter, by `group_by`."""

    period_id: UUID
    subscription_id: UUID
    customer_id: UUID
    subjects: tuple[str, ...]
    charge: str
    meter: str
    meter_version: int
    group_by: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    collect_seconds: int

    @property
    def closes_at(self) -> datetime:
        return self.ends_at + timedelta(seconds=self.collect_seconds)


@dataclass(frozen=True, slots=True)
class UsagePeriod:
    """`crossed` are percents that were told as reached and not as left since, also those that are not watched now.
    `ended_at` is the end that it was opened with, where it was shortened."""

    status: Literal["open", "closed"]
    terms: PeriodTerms
    totals: Totals
    revision: int = 0
    thresholds: Thresholds | None = None
    crossed: frozenset[Decimal] = frozenset()
    ended_at: datetime | None = None
