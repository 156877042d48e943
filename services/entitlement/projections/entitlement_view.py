"""An entitlement as it is shown: the facts of its stream, folded; the same for the read model and for a past instant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from typing import Any
from uuid import UUID

from services.entitlement.domain.access import EntitlementSnapshot, StandingHold
from services.entitlement.domain.entitlement.events import (
    EntitlementActivated,
    EntitlementAmended,
    EntitlementCancelled,
    EntitlementExpired,
    EntitlementExtended,
    EntitlementGraceStarted,
    EntitlementGranted,
    EntitlementHoldPlaced,
    EntitlementHoldRemoved,
    EntitlementSuccessorAnnounced,
    EntitlementSuccessorWithdrawn,
    EntitlementTerminated,
)
from services.entitlement.domain.entitlement.window import Window
from shared.event_store import Recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """What was granted to whom, for which window."""

    subscription_id: UUID
    customer_id: UUID
    customer_key: str
    zone: str
    plan_code: str
    plan_version: int
    features: dict[str, int | None]
    window: Window
    quantity: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitlementView:
    """`granted` is missing while only a hold has arrived. `phase` is the window's alone, `status` what is shown."""

    entitlement_id: UUID
    version: int = 0
    granted: Granted | None = None
    phase: str = "unknown"
    successor_id: UUID | None = None
    ending: str | None = None
    terminated_at: datetime | None = None
    holds: tuple[StandingHold, ...] = ()

    @property
    def status(self) -> str:
        return "suspended" if self.holds and self.phase in ("active", "grace") else self.phase


def fold(view: EntitlementView, recorded: Iterable[Recorded]) -> EntitlementView:
    """Further facts of the same stream; those it has seen already change nothing."""
    return reduce(_seen, recorded, view)


def _seen(view: EntitlementView, entry: Recorded) -> EntitlementView:
    if entry.version <= view.version:
        return view
    return replace(view, version=entry.version, **_change(view, entry.event))


def _change(view: EntitlementView, event: Any) -> dict[str, Any]:
    match event:
        case EntitlementGranted():
            return {"granted": _granted(event), "phase": "scheduled"}
        case EntitlementActivated():
            return {"phase": "active"}
        case EntitlementGraceStarted():
            return {"phase": "grace"}
        case EntitlementExpired():
            return {"phase": "expired"}
        case EntitlementHoldPlaced(kind=kind, cause=cause):
            return {"holds": (*view.holds, StandingHold(kind=kind, cause=cause))}
        case EntitlementHoldRemoved(kind=kind):
            return {"holds": tuple(hold for hold in view.holds if hold.kind != kind)}
        case _:
            return _change_of_course(view, event)


def _change_of_course(view: EntitlementView, event: Any) -> dict[str, Any]:
    match event:
        case EntitlementExtended(window=window) if view.granted is not None:
            phase = "scheduled" if view.phase == "scheduled" else "active"
            goes_on = window.term_number == view.granted.window.term_number
            successor = {"successor_id": view.successor_id if goes_on else None}
            granted = replace(view.granted, window=window, zone=event.zone or view.granted.zone)
            return {"granted": granted, "phase": phase, **_NOT_ENDING, **successor}
        case EntitlementAmended() if view.granted is not None:
            return {"granted": _amended(view.granted, event)}
        case EntitlementSuccessorAnnounced(successor_id=successor_id):
            return {"successor_id": successor_id}
        case EntitlementSuccessorWithdrawn() if view.ending == "migrated":
            return {"phase": "active", **_NOT_ENDING}
        case EntitlementSuccessorWithdrawn():
            return {"successor_id": None}
        case EntitlementTerminated(reason="transferred", successor_id=successor_id, at=at):
            gone = {"phase": "terminated", "ending": "transferred", "terminated_at": at}
            return gone | {"successor_id": successor_id}
        case EntitlementTerminated(reason=reason, at=at):
            return {"phase": "terminated", "ending": reason, "terminated_at": at}
        case EntitlementCancelled(at=at):
            return {"phase": "terminated", "ending": "cancelled", "terminated_at": at}
        case _:
            return {}


_NOT_ENDING = {"successor_id": None, "ending": None, "terminated_at": None}


def _granted(event: EntitlementGranted) -> Granted:
    return Granted(
        subscription_id=event.subscription_id,
        customer_id=event.customer_id,
        customer_key=event.customer_key,
        zone=event.zone,
        plan_code=event.plan_code,
        plan_version=event.plan_version,
        features=event.features,
        window=event.window,
        quantity=event.quantity,
    )


def _amended(granted: Granted, event: EntitlementAmended) -> Granted:
    return replace(
        granted,
        plan_code=event.plan_code,
        plan_version=event.plan_version,
        features=event.features,
        quantity=event.quantity,
    )


def snapshot(view: EntitlementView, granted: Granted) -> EntitlementSnapshot:
    """What the check judges by."""
    return EntitlementSnapshot(
        entitlement_id=view.entitlement_id,
        features=granted.features,
        term_number=granted.window.term_number,
        starts_at=granted.window.starts_at,
        ends_at=granted.window.ends_at,
        grace_until=granted.window.grace_until,
        terminated_at=view.terminated_at,
        successor_id=view.successor_id,
        transferred_at=view.terminated_at if view.ending == "transferred" else None,
        holds=view.holds,
    )
