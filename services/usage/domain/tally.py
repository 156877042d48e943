"""Running totals of one period: what was measured, group by group, merged by adding."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from services.usage.domain.event_key import digest_text
from services.usage.domain.measure import CompiledMeter, Measured, measure
from services.usage.domain.values import EXACT


@dataclass(frozen=True, slots=True)
class GroupTotal:
    """`group` is the plain value for one group name, a JSON array for several, "" for none."""

    group: str
    quantity: Decimal
    count: int
    digest: str


@dataclass(slots=True)
class Tally:
    """Grows with every event: the one place in the domain that is changed where it lies, because it is hot."""

    quantity: Decimal = Decimal(0)
    count: int = 0
    key_sum: int = 0
    uniques: set[str] = field(default_factory=set)

    def add(self, measured: Measured, key: int) -> None:
        self.count += 1
        self.key_sum += key
        if measured.unique is None:
            self.quantity = EXACT.add(self.quantity, measured.quantity)
        else:
            self.uniques.add(measured.unique)

    def total(self, group: str) -> GroupTotal:
        """A unique count is the size of its set."""
        return GroupTotal(group, EXACT.add(self.quantity, len(self.uniques)), self.count, digest_text(self.key_sum))


Tallies = dict[str, Tally]


def add_event(tallies: Tallies, meter: CompiledMeter, key: int, data: Any) -> bool:
    """Whether the data has a value for the meter; if not, nothing is added. `key` is the event's as a number."""
    measured = measure(meter, data)
    if measured is None:
        return False
    tally = tallies.get(measured.group)
    if tally is None:
        tally = tallies[measured.group] = Tally()
    tally.add(measured, key)
    return True


def fold(meter: CompiledMeter, events: Iterable[tuple[int, Any]]) -> tuple[GroupTotal, ...]:
    """The totals of a period from (key, data) of all its events, by group: what every other way has to agree with."""
    tallies: Tallies = {}
    for key, data in events:
        if meter.matches(data):
            add_event(tallies, meter, key, data)
    return totals(tallies)


def totals(tallies: Tallies) -> tuple[GroupTotal, ...]:
    return tuple(tallies[group].total(group) for group in sorted(tallies))
