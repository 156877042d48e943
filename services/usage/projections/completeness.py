"""What became of every event that was acknowledged: the difference is zero, or it is an incident."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, RowMapping

from services.usage.domain.windows import check_order
from services.usage.metering.counts import KINDS, QUARTER_SECONDS
from services.usage.metering.stored_events import Place
from shared.errors import DomainError


class NotAQuarter(DomainError):
    """Completeness is counted by quarters of an hour, of which every zone's days are made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completeness:
    """Events, not event and meter. `pending` are acknowledged and not yet metered, so their time is not known yet."""

    received: int
    metered: int
    unmatched: int
    rejected: int
    repeated: int
    conflicting: int
    pending: int

    @property
    def difference(self) -> int:
        known = self.metered + self.unmatched + self.rejected + self.repeated + self.conflicting
        return self.received - known - self.pending


def completeness(
    tx: Connection, tenant_id: UUID, starts_at: datetime, ends_at: datetime, *, pending: int
) -> Completeness:
    """For events with starts_at <= time < ends_at; a rejected event without a usable time counts at its arrival.

    `pending` is what Kafka acknowledged and no worker has metered yet, as the caller knows it: it belongs to what was
    received. Raises what `check_range` raises.
    """
    check_range(starts_at, ends_at)
    row = tx.exec_driver_sql(_SUMS, {"tenant": tenant_id, "from": starts_at, "to": ends_at}).mappings().one()
    counts = {kind: int(row[kind]) for kind in KINDS}
    counts["received"] += pending
    return Completeness(**counts, pending=pending)


def check_range(starts_at: datetime, ends_at: datetime) -> None:
    """Raises NotAQuarter where an end is not a whole quarter of an hour, EmptyRange where nothing is between them."""
    for field, instant in (("/from", starts_at), ("/to", ends_at)):
        if instant.timestamp() % QUARTER_SECONDS:
            raise NotAQuarter("ask for whole quarters of an hour", field=field)
    check_order(starts_at, ends_at)


def unmatched(
    tx: Connection,
    tenant_id: UUID,
    starts_at: datetime,
    ends_at: datetime,
    *,
    after: Place | None = None,
    limit: int = 100,
) -> list[RowMapping]:
    """The events without a meter (`no_meter`) or a period (`no_period`), by event time; go on after the last place."""
    time, position = after or Place(starts_at, -1)
    parameters = {"tenant": tenant_id, "time": time, "position": position, "to": ends_at, "limit": limit}
    return list(tx.exec_driver_sql(_UNMATCHED, parameters).mappings())


_SUMS = f"""
SELECT {", ".join(f"coalesce(sum({kind}), 0) AS {kind}" for kind in KINDS)} FROM usage_counts
WHERE tenant_id = %(tenant)s AND quarter_at >= %(from)s AND quarter_at < %(to)s"""  # noqa: S608 - kinds are constants

_UNMATCHED = """
SELECT position, reason, type, subject, time, source, id FROM usage_unmatched
JOIN usage_events USING (tenant_id, position, type, subject, time)
WHERE tenant_id = %(tenant)s AND (time, position) > (%(time)s, %(position)s) AND time < %(to)s
ORDER BY time, position LIMIT %(limit)s"""
