"""How each fact changes what an entitlement remembers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from services.entitlement.domain.entitlement.events import (
    EntitlementActivated,
    EntitlementAmended,
    EntitlementCancelled,
    EntitlementEvent,
    EntitlementExpired,
    EntitlementExtended,
    EntitlementGraceStarted,
    EntitlementGranted,
    EntitlementHoldPlaced,
    EntitlementHoldRemoved,
    EntitlementReinstated,
    EntitlementScheduled,
    EntitlementSuccessorAnnounced,
    EntitlementSuccessorWithdrawn,
    EntitlementSuspended,
    EntitlementTerminated,
)
from services.entitlement.domain.entitlement.holder import Holder
from services.entitlement.domain.entitlement.sold import Sold
from services.entitlement.domain.entitlement.state import Entitlement, Right
from shared.decider import CorruptStream


def evolve(entitlement: Entitlement, event: EntitlementEvent) -> Entitlement:
    match event:
        case EntitlementHoldPlaced(kind=kind, holder=holder):
            return replace(entitlement, holds=entitlement.holds | {kind}, holder=entitlement.holder or holder)
        case EntitlementHoldRemoved(kind=kind):
            return replace(entitlement, holds=entitlement.holds - {kind})
        case EntitlementSuspended() | EntitlementReinstated() | EntitlementScheduled():
            return entitlement  # shown, not remembered: the two regions and the grant already say it
        case EntitlementGranted(window=window, zone=zone) if entitlement.right is None:
            holder = Holder(subscription_id=event.subscription_id, customer_id=event.customer_id)
            return replace(entitlement, right=Right("scheduled", window, zone, _sold(event)), holder=holder)
        case _ if entitlement.right is not None:
            return replace(entitlement, right=replace(entitlement.right, **_change(entitlement.right, event)))
        case _:
            raise CorruptStream(entitlement, event)


def _change(right: Right, event: EntitlementEvent) -> dict[str, Any]:
    match event:
        case EntitlementActivated():
            return {"phase": "active"}
        case EntitlementAmended():
            return {"sold": _sold(event)}
        case EntitlementGraceStarted():
            return {"phase": "grace"}
        case EntitlementExpired():
            return {"phase": "expired"}
        case EntitlementExtended():
            return _extended(right, event)
        case EntitlementSuccessorAnnounced(successor_id=successor_id):
            return {"successor_id": successor_id}
        case EntitlementSuccessorWithdrawn():
            goes_on = {"phase": "active", "ending": None} if right.ending == "migrated" else {}
            return goes_on | {"successor_id": None}
        case EntitlementTerminated(reason="transferred", successor_id=successor_id):
            return {"phase": "terminated", "ending": "transferred", "successor_id": successor_id}
        case EntitlementTerminated(reason=reason):
            return {"phase": "terminated", "ending": reason}
        case EntitlementCancelled():
            return {"phase": "terminated", "ending": "cancelled"}
        case _:
            raise CorruptStream(right, event)


def _extended(right: Right, event: EntitlementExtended) -> dict[str, Any]:
    window = event.window
    phase = "scheduled" if right.phase == "scheduled" else "active"
    goes_on = window.term_number == right.window.term_number  # then who was announced still follows
    successor_id = right.successor_id if goes_on else None
    changed = {"phase": phase, "window": window, "successor_id": successor_id, "ending": None}
    return changed | {"zone": event.zone or right.zone}


def _sold(event: EntitlementGranted | EntitlementAmended) -> Sold:
    return Sold(
        plan_code=event.plan_code,
        plan_version=event.plan_version,
        features=event.features,
        quantity=event.quantity,
    )
