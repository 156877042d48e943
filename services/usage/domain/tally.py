"""Running totals of one period: what was measured, group by group, by the rules of the meter's aggregation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import reduce
from typing import Any

from services.usage.domain.aggregation import ADDITIVE, Aggregation, Level, finished, integral
from services.usage.domain.event_key import digest_text
from services.usage.domain.measure import CompiledMeter, Measured, measure
from services.usage.domain.values import EXACT

# What an event adds: its key as a number, its time, and what was measured.
Entry = tuple[int, datetime, Measured]


@dataclass(frozen=True, slots=True)
class GroupTotal:
    """`group` is the plain value for one group name, a JSON array for several, "" for none."""

    group: str
    quantity: Decimal
    count: int
    digest: str


@dataclass(slots=True)
class Tally:
    """One group. Grows with every event: the one place in the domain that is changed where it lies, as it is hot.

    `quantity` is the sum, the extreme or the latest value, `latest` the place of the latter in time.
    """

    aggregation: Aggregation
    quantity: Decimal = Decimal(0)
    count: int = 0
    key_sum: int = 0
    latest: tuple[datetime, int] | None = None
    uniques: set[str] = field(default_factory=set)
    levels: set[Level] = field(default_factory=set)
    held: Level | None = None

    def add(self, measured: Measured, time: datetime, key: int) -> None:
        self._keep(measured, time, key)
        self.count += 1
        self.key_sum += key

    def add_all(self, entries: Sequence[Entry]) -> None:
        if self.aggregation not in ADDITIVE:
            for key, time, measured in entries:
                self.add(measured, time, key)
            return
        self.quantity = reduce(EXACT.add, [measured.quantity for _, _, measured in entries], self.quantity)
        self.count += len(entries)
        self.key_sum += sum([key for key, _, _ in entries])

    def hold(self, level: Level) -> None:
        """A level from before the period, which counts no event of it: of several the last one, however many there were."""
        if self.held is None or self.held < level:
            if self.held is not None:
                self.levels.discard(self.held)
            self.levels.add(level)
            self.held = level

    def take_out(self, measured: Measured, key: int) -> None:
        """Of an additive aggregation."""
        self.quantity = EXACT.subtract(self.quantity, measured.quantity)
        self.count -= 1
        self.key_sum -= key

    def merge(self, other: Tally) -> None:
        """Another part of the same group, of an aggregation that is rolled up."""
        if self.aggregation in ADDITIVE:
            self.quantity = EXACT.add(self.quantity, other.quantity)
        elif not self.count or self._is_beaten_by(other):
            self.quantity, self.latest = other.quantity, other.latest
        self.count += other.count
        self.key_sum += other.key_sum

    def _is_beaten_by(self, other: Tally) -> bool:
        if self.aggregation == "latest":
            return self.latest is None or (other.latest is not None and self.latest < other.latest)
        return bool(other.count) and (other.quantity < self.quantity) == (self.aggregation == "min")

    def _keep(self, measured: Measured, time: datetime, key: int) -> None:
        value, aggregation = measured.quantity, self.aggregation
        if aggregation in ADDITIVE:
            self.quantity = EXACT.add(self.quantity, value)
        elif aggregation == "unique_count":
            self.uniques.add(measured.unique or "")
        elif aggregation == "weighted_sum":
            self.levels.add(Level(time, key, value))
        elif aggregation == "latest":
            if self.latest is None or self.latest < (time, key):
                self.latest, self.quantity = (time, key), value
        elif not self.count or (value < self.quantity) == (aggregation == "min"):
            self.quantity = value


@dataclass(slots=True)
class PeriodTally:
    """The groups of one period, from the events that are told to it."""

    meter: CompiledMeter
    starts_at: datetime
    ends_at: datetime
    groups: dict[str, Tally] = field(default_factory=dict)

    def counts(self, time: datetime) -> bool:
        return self.starts_at <= time < self.ends_at

    def sees(self, time: datetime) -> bool:
        """A level from before the start holds until the next one."""
        return time < self.ends_at and (time >= self.starts_at or self.meter.holds_levels)

    def add(self, key: int, time: datetime, data: Any) -> bool:
        """Whether the data has a value for the meter; if not, nothing is added. `key` is the event's as a number."""
        measured = measure(self.meter, data, time)
        if measured is not None:
            self.put(key, time, measured)
        return measured is not None

    def put(self, key: int, time: datetime, measured: Measured) -> None:
        tally = self._of(measured.group)
        if time < self.starts_at:
            tally.hold(Level(time, key, measured.quantity))
        else:
            tally.add(measured, time, key)

    def put_all(self, entries: Iterable[Entry]) -> None:
        by_group: dict[str, list[Entry]] = defaultdict(list)
        for entry in entries:
            if entry[1] < self.starts_at:
                self.put(*entry)
            else:
                by_group[entry[2].group].append(entry)
        for group, of_group in by_group.items():
            self._of(group).add_all(of_group)

    def merge(self, group: str, part: Tally) -> None:
        """What a part of the period keeps of a group, of an aggregation that is rolled up."""
        self._of(group).merge(part)

    def take_out(self, key: int, time: datetime, data: Any) -> bool:
        """The contrary of `add`, for an additive aggregation."""
        measured = measure(self.meter, data, time)
        if measured is not None:
            self._of(measured.group).take_out(measured, key)
        return measured is not None

    def hold(self, group: str, level: Level) -> None:
        """A group's level from before the period."""
        self._of(group).hold(level)

    def last_levels(self) -> dict[str, Level]:
        """What holds after the period, by group."""
        return {group: max(tally.levels) for group, tally in self.groups.items() if tally.levels}

    def totals(self) -> tuple[GroupTotal, ...]:
        return tuple(self._total(group, self.groups[group]) for group in sorted(self.groups))

    def _of(self, group: str) -> Tally:
        tally = self.groups.get(group)
        if tally is None:
            tally = self.groups[group] = Tally(self.meter.aggregation)
        return tally

    def _total(self, group: str, tally: Tally) -> GroupTotal:
        kept = EXACT.add(tally.quantity, len(tally.uniques))
        if tally.levels:
            kept = integral(tally.levels, self.starts_at, self.ends_at)
        quantity = finished(self.meter.aggregation, self.meter.divide_by, kept, tally.count)
        return GroupTotal(group, quantity, tally.count, digest_text(tally.key_sum))


def fold(
    meter: CompiledMeter, starts_at: datetime, ends_at: datetime, events: Iterable[tuple[int, datetime, Any]]
) -> tuple[GroupTotal, ...]:
    """The totals of a period from (key, time, data) of all its events, by group: what every other way has to agree with.

    To a weighted sum the events before its start belong as well.
    """
    period = PeriodTally(meter, starts_at, ends_at)
    for key, time, data in events:
        if period.sees(time) and meter.matches(data):
            period.add(key, time, data)
    return period.totals()
