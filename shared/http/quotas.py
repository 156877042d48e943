"""A quota in a sliding window, taken in lots: to ask the library that counts costs as much as all else of a small request."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import NamedTuple

from limits import RateLimitItemPerSecond
from limits.strategies import RateLimiter

LOTS = 100  # of a quota; a smaller one is taken one by one
SECONDS_BETWEEN_LOOKS = 1.0
MOST = 10_000


class Taken(NamedTuple):
    """Whether it was, how much is left, and in how many seconds there is more: at least one."""

    is_allowed: bool
    remaining: int
    more_in_seconds: int


@dataclass(slots=True)
class _Lot:
    """What somebody has taken beforehand, and what the window said when it was asked last."""

    left: int = 0
    remaining: int = 0
    more_at: float = 0.0
    looked_at: float = -math.inf


@dataclass(frozen=True, slots=True)
class Quota:
    """In one window decisions are those of `limiter`. What is left of a lot may be used in a later one, which therefore
    has a hundredth more at most. For one event loop."""

    limiter: RateLimiter
    item: RateLimitItemPerSecond
    _lots: dict[str, _Lot] = field(default_factory=dict)

    def take(self, who: str, cost: int) -> Taken:
        """All or nothing."""
        lot, now = self._lot(who), time.time()
        is_allowed = lot.left >= cost or self._buy(lot, who, cost - lot.left)
        if is_allowed:
            lot.left -= cost
        if not 0 <= now - lot.looked_at < SECONDS_BETWEEN_LOOKS:
            self._look(lot, who, now)
        return Taken(is_allowed, lot.remaining + lot.left, max(1, math.ceil(lot.more_at - now)))

    def _lot(self, who: str) -> _Lot:
        lot = self._lots.get(who)
        if lot is None:
            if len(self._lots) >= MOST:
                self._lots.clear()
            lot = self._lots[who] = _Lot()
        return lot

    def _buy(self, lot: _Lot, who: str, needed: int) -> bool:
        sizes = (max(needed, self.item.amount // LOTS), needed)
        bought = next((size for size in sizes if self.limiter.hit(self.item, who, cost=size)), 0)
        lot.left += bought
        lot.looked_at = -math.inf
        return bought > 0

    def _look(self, lot: _Lot, who: str, now: float) -> None:
        stats = self.limiter.get_window_stats(self.item, who)
        lot.remaining, lot.more_at, lot.looked_at = stats.remaining, stats.reset_time, now
