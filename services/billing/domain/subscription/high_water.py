"""Charges by the highest quantity of a period: who has more for a day has it for the period, and less counts from the next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from services.billing.domain.agreement import AgreedLine
from services.billing.domain.plan import Charge
from services.billing.domain.schedule import Rhythm
from shared.periods import Days


@dataclass(frozen=True, slots=True)
class Step:
    """The conditions from a day on; `amendment` is the change that they came with, 0 the term itself. `zone` is the one that
    days were changed to in the term."""

    amendment: int
    line: AgreedLine
    on: date
    zone: str | None = None

    def charge(self, code: str) -> Charge | None:
        return next((charge for charge in self.line.charges if charge.code == code), None)


def at_high_water(steps: Sequence[Step], code: str, anchor: date, term: Days) -> list[Step]:
    """One step for each period, that of its highest quantity; the latest of equals. Where no step has a high-water charge of
    this code they stay as they are. A change that was changed again on its first day was never counted."""
    charged = [charge for step in steps if (charge := step.charge(code)) is not None]
    if not any(charge.high_water for charge in charged):
        return list(steps)
    first = next(step for step in steps if step.charge(code) is not None)
    rhythm = first.line.rhythm(anchor, charged[0])
    lasting = [step for step, after in pairwise([*steps, None]) if step and (after is None or after.on > step.on)]
    return list(_highest(lasting, code, rhythm, Days(first.on, term.end)))


def _highest(steps: Sequence[Step], code: str, rhythm: Rhythm, days: Days) -> Iterator[Step]:
    for period in rhythm.within(days):
        before = [step for step in steps if step.on <= period.part.start][-1:]
        during = [step for step in steps if step.on in period.part and step.on != period.part.start]
        step = max([*before, *during], key=lambda step: (_quantity(step, code), step.amendment))
        yield Step(step.amendment, step.line, period.part.start, step.zone)


def _quantity(step: Step, code: str) -> int:
    return 0 if step.charge(code) is None else step.line.quantity_of(code)
