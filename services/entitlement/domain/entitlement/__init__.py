"""The right of one customer to use what one subscription sells."""

from __future__ import annotations

from services.entitlement.domain.entitlement import events
from services.entitlement.domain.entitlement.commands import EntitlementCommand
from services.entitlement.domain.entitlement.decide import decide
from services.entitlement.domain.entitlement.evolve import evolve
from services.entitlement.domain.entitlement.state import Entitlement, entitlement_id
from shared.decider import Decider

__all__ = ["ENTITLEMENT", "entitlement_id"]

ENTITLEMENT: Decider[Entitlement, EntitlementCommand, events.EntitlementEvent] = Decider(
    "entitlement",
    initial=Entitlement(),
    decide=decide,
    evolve=evolve,
    event_types={
        "entitlement_granted": events.EntitlementGranted,
        "entitlement_scheduled": events.EntitlementScheduled,
        "entitlement_activated": events.EntitlementActivated,
        "entitlement_extended": events.EntitlementExtended,
        "entitlement_amended": events.EntitlementAmended,
        "entitlement_grace_started": events.EntitlementGraceStarted,
        "entitlement_expired": events.EntitlementExpired,
        "entitlement_hold_placed": events.EntitlementHoldPlaced,
        "entitlement_hold_removed": events.EntitlementHoldRemoved,
        "entitlement_suspended": events.EntitlementSuspended,
        "entitlement_reinstated": events.EntitlementReinstated,
        "entitlement_successor_announced": events.EntitlementSuccessorAnnounced,
        "entitlement_successor_withdrawn": events.EntitlementSuccessorWithdrawn,
        "entitlement_terminated": events.EntitlementTerminated,
        "entitlement_cancelled": events.EntitlementCancelled,
    },
)
