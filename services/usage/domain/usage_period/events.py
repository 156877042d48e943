"""What has happened to a usage period. Each event carries the terms, so that it can be published by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from services.usage.domain.usage_period.state import EventName, PeriodTerms, RevisionCause, Totals
from services.usage.domain.usage_period.thresholds import Direction, Thresholds

PartOf = Literal["advanced", "closed", "revised"]


@dataclass(frozen=True, slots=True)
class InParts:
    """The event is the last of so many parts; those before told the first so many of its totals, and of its events."""

    parts: int
    totals: int
    events: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePeriodPartTold:
    """One of several parts, numbered from 1, of what the next event that is no such part says as a whole."""

    of: PartOf
    terms: PeriodTerms
    part: int
    parts: int
    totals: Totals
    events: tuple[EventName, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePeriodOpened:
    """`thresholds` are those of the period before."""

    terms: PeriodTerms
    totals: Totals
    thresholds: Thresholds | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePeriodAdvanced:
    terms: PeriodTerms
    totals: Totals
    in_parts: InParts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePeriodRemetered:
    """Counted anew by another version of the meter, which the terms name."""

    terms: PeriodTerms
    totals: Totals
    in_parts: InParts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePeriodShortened:
    """Less is used than was asked for: the terms have the new end, which may be the start."""

    terms: PeriodTerms
    totals: Totals
    in_parts: InParts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePeriodClosed:
    terms: PeriodTerms
    totals: Totals
    watermark: dict[str, int]
    learned_at: datetime
    in_parts: InParts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePeriodRevised:
    terms: PeriodTerms
    revision: int
    before: Totals
    after: Totals
    cause: RevisionCause
    events: tuple[EventName, ...]
    in_parts: InParts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageThresholdsSet:
    thresholds: Thresholds | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageThresholdCrossed:
    """`percent` of the quantity `of` was reached by `quantity`, the sum over the groups, or is not any more."""

    terms: PeriodTerms
    of: Decimal
    percent: Decimal
    direction: Direction
    quantity: Decimal


UsagePeriodEvent = (
    UsagePeriodOpened
    | UsagePeriodPartTold
    | UsagePeriodAdvanced
    | UsagePeriodRemetered
    | UsagePeriodShortened
    | UsagePeriodClosed
    | UsagePeriodRevised
    | UsageThresholdsSet
    | UsageThresholdCrossed
)
