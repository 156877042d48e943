"""What became of every event of one period: the difference is zero, or it is an incident."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from services.usage.domain.usage_period.decide import PeriodNotFound
from services.usage.metering.watches import PeriodKey
from shared.errors import Conflict


class NotAccountedFor(Conflict):
    """The period was opened by a release that did not count this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodStatement:
    """`metered` is what its totals say; all else was counted by itself when the events came."""

    received: int
    metered: int
    excluded: int
    taken_back: int
    repeated: int
    conflicting: int

    @property
    def difference(self) -> int:
        known = self.metered + self.excluded + self.taken_back + self.repeated + self.conflicting
        return self.received - known


def statement_of(tx: Connection, key: PeriodKey) -> PeriodStatement:
    """Raises PeriodNotFound, NotAccountedFor."""
    row = tx.exec_driver_sql(_STATEMENT, {"tenant": key.tenant_id, "period": key.period_id}).mappings().first()
    if row is None:
        raise PeriodNotFound("no such usage period")
    if row["received"] is None:
        raise NotAccountedFor(
            "this period is not accounted for: have it counted again, which begins with its stored events"
        )
    return PeriodStatement(**{name: int(row[name]) for name in PeriodStatement.__slots__})


# In one statement, and so of one instant.
_STATEMENT = """
SELECT c.received, c.excluded, c.taken_back, c.repeated, c.conflicting, coalesce((
    SELECT sum(event_count) FROM usage_totals AS t WHERE t.tenant_id = p.tenant_id AND t.period_id = p.period_id
  ), 0) AS metered
FROM usage_periods AS p LEFT JOIN usage_period_counts AS c ON c.tenant_id = p.tenant_id AND c.period_id = p.period_id
WHERE p.tenant_id = %(tenant)s AND p.period_id = %(period)s"""
