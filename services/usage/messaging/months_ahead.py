"""Makes the place of this month's and the next month's events in good time, and shows if that fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from services.usage.metering.months import make_month, missing_months
from shared.metrics import EVENT_MONTHS_MISSING


@dataclass(frozen=True, slots=True)
class MonthsAhead:
    engine: Engine
    real_now: Callable[[], datetime]

    def step(self) -> int:
        with self.engine.begin() as tx:
            missing = missing_months(tx, self.real_now())
        EVENT_MONTHS_MISSING.labels("usage").set(len(missing))
        for month in missing:
            with self.engine.begin() as tx:
                make_month(tx, month)
        EVENT_MONTHS_MISSING.labels("usage").set(0)
        return 0
