"""The books of the events themselves: how many came and what became of each, by quarter of an hour of event time."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy import Connection

Kind = Literal["received", "metered", "unmatched", "rejected", "repeated", "conflicting"]
KINDS: tuple[Kind, ...] = ("received", "metered", "unmatched", "rejected", "repeated", "conflicting")
QUARTER_SECONDS = 900


def quarter_of(time: datetime) -> int:
    """Quarters of an hour since 1970."""
    return int(time.timestamp() // QUARTER_SECONDS)


class Counts:
    """Counts of one transaction. What was received is counted by itself, not as the sum of the rest."""

    def __init__(self) -> None:
        # By tenant, as a number, of which Python makes hashes fast, and quarter.
        self._quarters: dict[tuple[int, int], Counter[Kind]] = defaultdict(Counter)

    def add(self, kind: Kind, tenant_id: UUID, time: datetime, number: int = 1) -> None:
        self._quarters[tenant_id.int, quarter_of(time)][kind] += number

    def add_all(self, kind: Kind, quarters: Iterable[tuple[int, int]]) -> None:
        """One for each tenant, as a number, and quarter."""
        for quarter, number in Counter(quarters).items():
            self._quarters[quarter][kind] += number

    def move(self, tenant_id: UUID, times: Iterable[datetime], *, source: Kind, target: Kind) -> None:
        for time in times:
            self.add(source, tenant_id, time, -1)
            self.add(target, tenant_id, time)

    def by_tenant(self) -> dict[UUID, dict[Kind, int]]:
        totals: dict[UUID, Counter[Kind]] = defaultdict(Counter)
        for (tenant, _), counter in self._quarters.items():
            totals[UUID(int=tenant)].update(counter)
        return {tenant_id: {kind: counter[kind] for kind in KINDS} for tenant_id, counter in totals.items()}

    def save(self, tx: Connection) -> None:
        """The last statement of a transaction: workers meet in these rows, and hold them only until they commit."""
        rows = [
            {"tenant_id": UUID(int=tenant), "quarter_at": datetime.fromtimestamp(quarter * QUARTER_SECONDS, UTC)}
            | {kind: counter[kind] for kind in KINDS}
            for (tenant, quarter), counter in self._quarters.items()
        ]
        if rows:
            tx.exec_driver_sql(_ADD, {"rows": msgspec.json.encode(rows).decode()})


_COLUMNS = ", ".join(KINDS)
_ADD = f"""
INSERT INTO usage_counts AS c (tenant_id, quarter_at, {_COLUMNS})
SELECT tenant_id, quarter_at, {_COLUMNS} FROM json_to_recordset(%(rows)s::json) AS row(
  tenant_id uuid, quarter_at timestamptz, {", ".join(f"{kind} bigint" for kind in KINDS)})
ORDER BY tenant_id, quarter_at
ON CONFLICT (tenant_id, quarter_at) DO UPDATE SET {", ".join(f"{kind} = c.{kind} + excluded.{kind}" for kind in KINDS)}
"""  # noqa: S608 - kinds are constants
