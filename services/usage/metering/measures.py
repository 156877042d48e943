"""What one event is to meters, each looked at once, however many periods and roll-ups count by it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.usage.domain.measure import CompiledMeter, Measured, measure


class Measures:
    """Meters are told apart by their identity: the same text is compiled once."""

    __slots__ = ("_at", "_data", "_found")

    def __init__(self, data: Any, at: datetime) -> None:
        self._data = data
        self._at = at
        self._found: dict[int, tuple[bool, Measured | None]] = {}

    def by(self, meter: CompiledMeter) -> tuple[bool, Measured | None]:
        """Whether the meter matches, and what it measures."""
        found = self._found.get(id(meter))
        if found is None:
            matches = meter.matches(self._data)
            found = self._found[id(meter)] = matches, measure(meter, self._data, self._at) if matches else None
        return found
