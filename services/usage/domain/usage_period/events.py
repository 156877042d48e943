"""What has happened to a usage period. Each event carries the terms, so that it can be published by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.usage.domain.usage_period.state import EventName, PeriodTerms, RevisionCause, Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePeriodOpened:
    terms: PeriodTerms
    totals: Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePeriodAdvanced:
    terms: PeriodTerms
    totals: Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePeriodRemetered:
    """Counted anew by another version of the meter, which the terms name."""

    terms: PeriodTerms
    totals: Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePeriodClosed:
    terms: PeriodTerms
    totals: Totals
    watermark: dict[str, int]
    learned_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePeriodRevised:
    terms: PeriodTerms
    revision: int
    before: Totals
    after: Totals
    cause: RevisionCause
    events: tuple[EventName, ...]


UsagePeriodEvent = (
    UsagePeriodOpened | UsagePeriodAdvanced | UsagePeriodRemetered | UsagePeriodClosed | UsagePeriodRevised
)
