"""Finds partitions whose end is ahead while nobody reads on in them: a group can lose one in silence."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

Place = tuple[str, int]
MOST_PATIENCE_SECONDS = 600.0


@dataclass(slots=True)
class Standstill:
    """What stands still is looked at again and again. Our own partitions may stand for a session while nothing is
    polled; all others for four, as a member that died is replaced within one. Each time that was in vain the patience
    doubles, because whoever is only slow is not helped by a group that forms anew; once all moves, it begins again.
    """

    session_seconds: float
    since: dict[Place, tuple[int, float]] = field(default_factory=dict)
    in_vain: int = 0

    def found(self, behind: Mapping[Place, int], own: Set[Place], is_idle: bool, now: float) -> set[Place]:
        """`behind` says where each partition stands that has more to read; `now` is in seconds, of a monotonic clock."""
        kept = {place: self.since.get(place, (at, now)) for place, at in behind.items()}
        self.since = {place: kept[place] if kept[place][0] == at else (at, now) for place, at in behind.items()}
        if all(since == now for _, since in self.since.values()):
            self.in_vain = 0
        return {place for place, (_, since) in self.since.items() if now - since >= self._bound(place, own, is_idle)}

    def begin_anew(self, now: float) -> None:
        """The consumer was built anew on account of what was found: it has the same time once more, and twice that."""
        self.since = {place: (at, now) for place, (at, _) in self.since.items()}
        self.in_vain += 1

    def _bound(self, place: Place, own: Set[Place], is_idle: bool) -> float:
        sessions = 1 if place in own and is_idle else 4
        return min(MOST_PATIENCE_SECONDS, sessions * self.session_seconds * 2.0**self.in_vain)
