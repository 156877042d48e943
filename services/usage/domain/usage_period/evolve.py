"""How a usage period changes with what happened."""

from __future__ import annotations

from dataclasses import replace

from services.usage.domain.usage_period.events import (
    UsagePeriodAdvanced,
    UsagePeriodClosed,
    UsagePeriodEvent,
    UsagePeriodOpened,
    UsagePeriodPartTold,
    UsagePeriodRemetered,
    UsagePeriodRevised,
    UsagePeriodShortened,
    UsageThresholdCrossed,
    UsageThresholdsSet,
)
from services.usage.domain.usage_period.state import UsagePeriod
from shared.decider import CorruptStream


def evolve(period: UsagePeriod | None, event: UsagePeriodEvent) -> UsagePeriod:
    match period, event:
        case None, UsagePeriodOpened(terms=terms, totals=totals, thresholds=thresholds):
            return UsagePeriod("open", terms, totals, thresholds=thresholds)
        case UsagePeriod(), UsagePeriodAdvanced(totals=totals):
            return replace(period, totals=totals)
        case UsagePeriod(), UsagePeriodRemetered(terms=terms, totals=totals):
            return replace(period, terms=terms, totals=totals)
        case UsagePeriod(), UsagePeriodShortened(terms=terms, totals=totals):
            open_totals = totals if period.status == "open" else period.totals  # a closed one is revised, in turn
            ended_at = period.ended_at or period.terms.ends_at
            return replace(period, terms=terms, totals=open_totals, ended_at=ended_at)
        case UsagePeriod(), UsagePeriodClosed(totals=totals):
            return replace(period, status="closed", totals=totals)
        case UsagePeriod(), UsagePeriodRevised(revision=revision, after=after):
            return replace(period, totals=after, revision=revision)
        case UsagePeriod(), UsagePeriodPartTold():
            return period  # what it is a part of says all of it
        case UsagePeriod(), UsageThresholdsSet(thresholds=thresholds):
            return replace(period, thresholds=thresholds)
        case UsagePeriod(crossed=crossed), UsageThresholdCrossed(percent=percent, direction=direction):
            return replace(period, crossed=crossed | {percent} if direction == "up" else crossed - {percent})
        case _:
            raise CorruptStream(period, event)
