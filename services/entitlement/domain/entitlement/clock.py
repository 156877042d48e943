"""What the window owes to the clock: start, end, end of grace, end of the reinstatement window."""

from __future__ import annotations

from datetime import datetime
from functools import reduce

from services.entitlement.domain.entitlement.events import (
    EntitlementActivated,
    EntitlementEvent,
    EntitlementExpired,
    EntitlementGraceStarted,
    EntitlementHoldPlaced,
    EntitlementHoldRemoved,
    EntitlementTerminated,
)
from services.entitlement.domain.entitlement.evolve import evolve
from services.entitlement.domain.entitlement.holds import HoldCause
from services.entitlement.domain.entitlement.state import Entitlement, Right


def what_is_due(entitlement: Entitlement, at: datetime) -> list[EntitlementEvent]:
    """Every step of the window up to `at`, each at its own instant: a late worker skips none and back-dates each."""
    events: list[EntitlementEvent] = []
    while step := _next_step(entitlement, at):
        events += step
        entitlement = reduce(evolve, step, entitlement)
    return events


def _next_step(entitlement: Entitlement, at: datetime) -> list[EntitlementEvent]:
    match entitlement.right:
        case Right(phase="scheduled", window=window) if window.starts_at <= at:
            return [EntitlementActivated(at=window.starts_at)]
        case Right(phase="active", window=window, successor_id=successor_id) if window.ends_at <= at:
            if successor_id is not None:
                return migrated(entitlement, window.ends_at)
            if window.ends_at < window.grace_until:
                return [EntitlementGraceStarted(until=window.grace_until, at=window.ends_at)]
            return _expired(window.ends_at)
        case Right(phase="grace", window=window) if window.grace_until <= at:
            return _expired(window.grace_until)
        case Right(phase="expired", window=window) if window.reinstatable_until <= at:
            return [EntitlementTerminated(reason="window_over", successor_id=None, at=window.reinstatable_until)]
        case _:
            return []


def _expired(at: datetime) -> list[EntitlementEvent]:
    cause = HoldCause(what="term_end", at=at)
    return [EntitlementExpired(at=at), EntitlementHoldPlaced(kind="expiry", cause=cause, at=at)]


def migrated(entitlement: Entitlement, at: datetime) -> list[EntitlementEvent]:
    """The end of a right that goes on elsewhere: no grace, no hold."""
    assert entitlement.right is not None
    terminated = EntitlementTerminated(reason="migrated", successor_id=entitlement.right.successor_id, at=at)
    return [*without_expiry(entitlement, HoldCause(what="migrated", at=at)), terminated]


def without_expiry(entitlement: Entitlement, cause: HoldCause) -> list[EntitlementEvent]:
    if "expiry" not in entitlement.holds:
        return []
    return [EntitlementHoldRemoved(kind="expiry", cause=cause, at=cause.at)]
