"""How a usage period changes with what happened."""

from __future__ import annotations

from dataclasses import replace

from services.usage.domain.usage_period.events import (
    UsagePeriodAdvanced,
    UsagePeriodClosed,
    UsagePeriodEvent,
    UsagePeriodOpened,
    UsagePeriodRemetered,
    UsagePeriodRevised,
)
from services.usage.domain.usage_period.state import UsagePeriod
from shared.decider import CorruptStream


def evolve(period: UsagePeriod | None, event: UsagePeriodEvent) -> UsagePeriod:
    match period, event:
        case None, UsagePeriodOpened(terms=terms, totals=totals):
            return UsagePeriod("open", terms, totals)
        case UsagePeriod(), UsagePeriodAdvanced(totals=totals):
            return replace(period, totals=totals)
        case UsagePeriod(), UsagePeriodRemetered(terms=terms, totals=totals):
            return replace(period, terms=terms, totals=totals)
        case UsagePeriod(), UsagePeriodClosed(totals=totals):
            return replace(period, status="closed", totals=totals)
        case UsagePeriod(), UsagePeriodRevised(revision=revision, after=after):
            return replace(period, totals=after, revision=revision)
        case _:
            raise CorruptStream(period, event)
