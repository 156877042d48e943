"""Which instants an entitlement must be told about, and the order when one has come."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from services.entitlement.domain.entitlement import ENTITLEMENT
from services.entitlement.domain.entitlement.commands import ReachInstant
from services.entitlement.domain.entitlement.events import (
    EntitlementEvent,
    EntitlementExtended,
    EntitlementGraceStarted,
    EntitlementGranted,
)
from shared.orders import Order


def due_instants(event: EntitlementEvent) -> tuple[datetime, ...]:
    """The due dates that a fact creates, in order. None is ever cancelled: one that became stale changes nothing."""
    match event:
        case EntitlementGranted(window=window) | EntitlementExtended(window=window):
            return tuple(sorted({window.starts_at, window.ends_at, window.grace_until, window.reinstatable_until}))
        case EntitlementGraceStarted(until=until):
            return (until,)
        case _:
            return ()


def on_instant_reached(*, entitlement_id: UUID, fire_at: datetime) -> list[Order]:
    return [Order(ENTITLEMENT, entitlement_id, ReachInstant(at=fire_at))]
