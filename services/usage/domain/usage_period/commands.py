"""What a usage period may be told to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.usage.domain.usage_period.state import EventName, PeriodTerms, RevisionCause, Totals
from services.usage.domain.usage_period.thresholds import Thresholds


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPeriod:
    """`totals` of the events that were already there, `thresholds` of the period before."""

    terms: PeriodTerms
    totals: Totals
    thresholds: Thresholds | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvancePeriod:
    totals: Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class RemeterPeriod:
    """`totals` are those by that version of the meter."""

    meter_version: int
    totals: Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortenPeriod:
    """It ends earlier; `totals` are those up to there."""

    ends_at: datetime
    totals: Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosePeriod:
    """`watermark`: per partition, the offset below which all is metered. `learned_at`: what was acknowledged until
    then is in the totals."""

    totals: Totals
    watermark: dict[str, int]
    learned_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisePeriod:
    before: Totals
    after: Totals
    cause: RevisionCause
    events: tuple[EventName, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SetThresholds:
    """None watches nothing any more."""

    thresholds: Thresholds | None
    totals: Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckThresholds:
    """Of an open period; a closed one is checked when it is revised."""

    totals: Totals


UsagePeriodCommand = (
    OpenPeriod
    | AdvancePeriod
    | RemeterPeriod
    | ShortenPeriod
    | ClosePeriod
    | RevisePeriod
    | SetThresholds
    | CheckThresholds
)
