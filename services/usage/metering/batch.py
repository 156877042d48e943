"""What one batch of events does to the periods: adds to them, or makes them be counted anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import compress
from operator import and_
from typing import Any, NamedTuple
from uuid import UUID

from services.usage.domain.aggregation import ADDITIVE
from services.usage.domain.came import Became, became
from services.usage.domain.event_key import as_number
from services.usage.metering.measures import Measures
from services.usage.metering.rollups import Rollups
from services.usage.metering.stage import Staged
from services.usage.metering.watches import PeriodKey, Watch, Watches

Fresh = tuple[int, Staged]  # with its position


class Original(NamedTuple):
    """An event that is amended: as it counts now, with no `data` where it was taken back."""

    tenant_id: UUID
    key: bytes
    position: int
    type: str
    subject: str
    time: datetime
    data: Any | None


@dataclass(slots=True)
class Batch:
    """`late` names what came into closed periods; of the periods in `anew` nothing can be taken out but by counting all
    of their events. `amended` are those in which an earlier event changed."""

    watches: Watches = field(default_factory=Watches)
    rollups: Rollups = field(default_factory=Rollups)
    late: dict[PeriodKey, list[Staged]] = field(default_factory=lambda: defaultdict(list))
    anew: set[PeriodKey] = field(default_factory=set)
    amended: set[PeriodKey] = field(default_factory=set)

    @property
    def touched(self) -> dict[PeriodKey, Watch]:
        return {key: watch for key, watch in self.watches.by_key.items() if watch.tally.groups or key in self.anew}

    def count(self, fresh: Iterable[Fresh]) -> list[Fresh]:
        """Adds events to their periods and hours; those are left that no period has a meter for. One that matches may
        find no value to count."""
        by_place: dict[tuple[int, str, str], list[Fresh]] = defaultdict(list)
        for each in fresh:
            staged = each[1]
            by_place[staged.tenant_id.int, staged.event.subject, staged.event.type].append(each)
        return [left for of_place in by_place.values() for left in self._count(of_place)]

    def _count(self, of_place: Sequence[Fresh]) -> list[Fresh]:
        """Of one tenant, subject and type."""
        first, measures = of_place[0][1], Measures([staged for _, staged in of_place])
        place = first.tenant_id, first.event.subject, first.event.type
        matched = [False] * len(of_place)
        for watch in self.watches.at(*place):
            matches = self._add(watch, measures)
            matched = [before or now for before, now in zip(matched, matches, strict=True)]
        self.rollups.add(*place, measures)
        return [each for each, is_matched in zip(of_place, matched, strict=True) if not is_matched]

    def _add(self, watch: Watch, measures: Measures) -> list[bool]:
        """Which events the meter matches within the period. A level from before it is added, and no event of it."""
        tally, look = watch.tally, measures.by(watch.tally.meter)
        within = [tally.starts_at <= time < tally.ends_at for time in measures.times]
        seen = [tally.sees(time) for time in measures.times] if tally.meter.holds_levels else within
        values = [value if is_seen else None for is_seen, value in zip(seen, look.measured, strict=True)]
        tally.put_all(measures.entries(values))
        watch.came.received += sum(within)
        watch.came.excluded += [*compress(values, within)].count(None)
        if watch.is_closed:
            self.late[watch.key] += compress(measures.events, [value is not None for value in values])
        return [*map(and_, within, look.matches)]

    def note(self, staged: Iterable[Staged], what: Became) -> None:
        """Events that count in no period, in those that they would have counted in."""
        for each in staged:
            for watch in self.watches.at(each.tenant_id, each.event.subject, each.event.type):
                if watch.tally.counts(each.event.time):
                    watch.came.take(what)

    def recounted(self, original: Original, data: Any | None) -> list[Watch]:
        """The periods of which all events would be counted again, with `data` in the place of what the event said."""
        return [
            watch
            for watch in self.watches.at(original.tenant_id, original.subject, original.type)
            if watch.tally.sees(original.time)
            and watch.tally.meter.aggregation not in ADDITIVE
            and any(each is not None and watch.tally.meter.matches(each) for each in (original.data, data))
        ]

    def change(self, original: Original, data: Any | None, because_of: Staged) -> bool:
        """Puts `data` in the place of what the event said, in every period; whether one of them counts it now."""
        matched = False
        self.rollups.change(original.tenant_id, original.type, original.subject, original.time)
        for watch in self.watches.at(original.tenant_id, original.subject, original.type):
            meter = watch.tally.meter
            if watch.tally.sees(original.time):
                before, after = (
                    each if each is not None and meter.matches(each) else None for each in (original.data, data)
                )
                matched = matched or (after is not None and watch.tally.counts(original.time))
                if watch.tally.counts(original.time):
                    was = became(meter, original.data, original.time)
                    watch.came.move(was, became(meter, data, original.time))
                if before is not None or after is not None:
                    self._exchange(watch, original, before, after, because_of)
        return matched

    def _exchange(
        self, watch: Watch, original: Original, before: Any | None, after: Any | None, because_of: Staged
    ) -> None:
        self.amended.add(watch.key)
        if watch.is_closed:
            self.late[watch.key].append(because_of)
        if watch.tally.meter.aggregation not in ADDITIVE:
            self.anew.add(watch.key)
            return
        number = as_number(original.key)
        if before is not None:
            watch.tally.take_out(number, original.time, before)
        if after is not None:
            watch.tally.add(number, original.time, after)
