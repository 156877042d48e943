"""The periods that budgets are for: years, quarters and months of the calendar."""

from __future__ import annotations

import re
from datetime import date

from shared.errors import DomainError
from shared.periods import Days, plus_months

_NAME = re.compile(r"(?P<year>(19|20|21)[0-9]{2})(-(Q(?P<quarter>[1-4])|(?P<month>0[1-9]|1[0-2])))?")


class MalformedPeriod(DomainError):
    """2026 is a year, 2026-Q2 a quarter, 2026-05 a month."""


def days_of_period(name: str) -> Days:
    """Its first day up to, not including, the first day after it. Raises MalformedPeriod."""
    told = _NAME.fullmatch(name)
    if told is None:
        raise MalformedPeriod("name a year, a quarter or a month: 2026, 2026-Q2, 2026-05", field="/period")
    year = int(told["year"])
    if told["month"]:
        return _months(date(year, int(told["month"]), 1), 1)
    if told["quarter"]:
        return _months(date(year, 3 * int(told["quarter"]) - 2, 1), 3)
    return _months(date(year, 1, 1), 12)


def _months(start: date, count: int) -> Days:
    return Days(start, plus_months(start, count))
