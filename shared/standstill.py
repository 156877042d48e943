"""Finds partitions whose end is ahead while nobody reads on in them: a group can lose one in silence."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

Place = tuple[str, int]
OWN_SECONDS = 2.0
MOST_PATIENCE_SECONDS = 600.0


@dataclass(slots=True)
class Standstill:
    """What stands still is looked at again and again. Our own partitions may stand for 2 s while nothing is polled;
    those of other members for `patience`, as a member that died is replaced within its session time-out. Each time
    that was in vain the patience doubles, because a member that is only slow is not helped by a group that forms anew.
    """

    patience: float
    since: dict[Place, tuple[int, float]] = field(default_factory=dict)
    in_vain: int = 0

    def found(self, behind: Mapping[Place, int], own: Set[Place], is_idle: bool, now: float) -> set[Place]:
        """`behind` says where each partition stands that has more to read; `now` is in seconds, of a monotonic clock."""
        kept = {place: self.since.get(place, (at, now)) for place, at in behind.items()}
        self.since = {place: kept[place] if kept[place][0] == at else (at, now) for place, at in behind.items()}
        if not behind:
            self.in_vain = 0
        return {place for place, (_, since) in self.since.items() if now - since >= self._bound(place, own, is_idle)}

    def begin_anew(self) -> None:
        """The consumer was built anew on account of what was found."""
        self.since.clear()
        self.in_vain += 1

    def _bound(self, place: Place, own: Set[Place], is_idle: bool) -> float:
        if place in own and is_idle:
            return OWN_SECONDS
        return min(MOST_PATIENCE_SECONDS, self.patience * 2.0**self.in_vain)
