"""What becomes of the events of one period: each is metered, or it is counted with the reason why not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from services.usage.domain.measure import CompiledMeter, measure

Became = Literal["metered", "excluded", "taken_back", "repeated", "conflicting"]


@dataclass(slots=True)
class Came:
    """Events of the period's subjects, type and time. What is metered is not kept here: that is what totals say."""

    received: int = 0
    excluded: int = 0
    taken_back: int = 0
    repeated: int = 0
    conflicting: int = 0

    def take(self, became: Became) -> None:
        self.received += 1
        if became != "metered":
            self._add(became, 1)

    def move(self, before: Became, after: Became) -> None:
        for became, number in ((before, -1), (after, 1)):
            if became != "metered":
                self._add(became, number)

    def _add(self, became: Became, number: int) -> None:
        setattr(self, became, getattr(self, became) + number)


NOTHING = Came()


def became(meter: CompiledMeter, data: Any | None, at: datetime) -> Became:
    """Of an event as it is amended: a filter, the clock or the want of a value excludes it."""
    if data is None:
        return "taken_back"
    return "metered" if meter.matches(data) and measure(meter, data, at) is not None else "excluded"
