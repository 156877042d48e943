"""Which tenants are on real time for good: for them nobody has to look for a test clock any more."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import Connection

from shared.clock import is_on_real_time_for_good

MOST = 100_000


@dataclass(frozen=True, slots=True)
class RealTime:
    """What is learnt stays true, so that it may be remembered for as long as the process lives."""

    _for_good: set[UUID] = field(default_factory=set)

    def knows(self, tenant_id: UUID) -> bool:
        return tenant_id in self._for_good

    def learn(self, tx: Connection, tenant_id: UUID) -> None:
        """Of a tenant that has no test clock yet, by a connection that may see its events."""
        if is_on_real_time_for_good(tx, tenant_id):
            if len(self._for_good) >= MOST:
                self._for_good.clear()
            self._for_good.add(tenant_id)
