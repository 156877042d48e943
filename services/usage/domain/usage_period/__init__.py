"""A usage period runs from opening to closing; what comes later revises it and never reopens it."""

from __future__ import annotations

from services.usage.domain.usage_period.commands import UsagePeriodCommand
from services.usage.domain.usage_period.decide import decide
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
from services.usage.domain.usage_period.evolve import evolve
from services.usage.domain.usage_period.state import UsagePeriod
from shared.decider import Decider

USAGE_PERIOD: Decider[UsagePeriod | None, UsagePeriodCommand, UsagePeriodEvent] = Decider(
    "usage_period",
    initial=None,
    decide=decide,
    evolve=evolve,
    event_types={
        "usage_period_opened": UsagePeriodOpened,
        "usage_period_advanced": UsagePeriodAdvanced,
        "usage_period_remetered": UsagePeriodRemetered,
        "usage_period_shortened": UsagePeriodShortened,
        "usage_period_part_told": UsagePeriodPartTold,
        "usage_period_closed": UsagePeriodClosed,
        "usage_period_revised": UsagePeriodRevised,
        "usage_thresholds_set": UsageThresholdsSet,
        "usage_threshold_crossed": UsageThresholdCrossed,
    },
)
