"""What events of one subject and type are to meters, each looked at once, however many periods and roll-ups count by it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from services.usage.domain.event_key import as_number
from services.usage.domain.measure import CompiledMeter, Measured, measure
from services.usage.domain.tally import Entry
from services.usage.metering.stage import Staged


class Look(NamedTuple):
    """By event: whether the meter matches, and what it measures."""

    matches: list[bool]
    measured: list[Measured | None]


class Measures:
    """Meters are told apart by their identity: the same text is compiled once. `keys` are those of the events, as numbers."""

    __slots__ = ("_found", "events", "keys", "times")

    def __init__(self, events: Sequence[Staged]) -> None:
        self.events = events
        self.keys = [as_number(staged.key) for staged in events]
        self.times = [staged.event.time for staged in events]
        self._found: dict[int, Look] = {}

    def by(self, meter: CompiledMeter) -> Look:
        found = self._found.get(id(meter))
        if found is None:
            found = self._found[id(meter)] = self._look(meter)
        return found

    def entries(self, values: Sequence[Measured | None]) -> list[Entry]:
        """What is added of these values, one for each event or none."""
        return [
            (key, time, value)
            for key, time, value in zip(self.keys, self.times, values, strict=True)
            if value is not None
        ]

    def _look(self, meter: CompiledMeter) -> Look:
        matches = [meter.matches(staged.data) for staged in self.events]
        return Look(
            matches,
            [
                measure(meter, staged.data, time) if matching else None
                for staged, time, matching in zip(self.events, self.times, matches, strict=True)
            ],
        )
