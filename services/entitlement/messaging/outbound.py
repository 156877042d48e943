"""Which domain events the rest of the company hears about, and in which words."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.entitlement.domain.entitlement import entitlement_id, events
from services.entitlement.domain.entitlement.holder import Holder
from shared.contracts import entitlement as contracts
from shared.messages import Contract

TOPICS = {"entitlement": "entitlement.entitlements"}


def to_contract(event: Any) -> Contract | None:
    match event:
        case events.EntitlementGranted(subscription_id=subscription_id, customer_id=customer_id, window=window):
            return contracts.EntitlementGrantedV1(
                **_ids(Holder(subscription_id=subscription_id, customer_id=customer_id)),
                features=event.features,
                starts_at=window.starts_at,
                ends_at=window.ends_at,
            )
        case events.EntitlementExtended(holder=Holder() as holder, window=window):
            return contracts.EntitlementExtendedV1(**_ids(holder), ends_at=window.ends_at)
        case events.EntitlementExpired(holder=Holder() as holder, at=at):
            return contracts.EntitlementExpiredV1(**_ids(holder), expired_at=at)
        case _:
            return _hold_or_end(event)


def _hold_or_end(event: Any) -> Contract | None:
    match event:
        case events.EntitlementHoldPlaced(holder=Holder() as holder, kind=kind, at=at):
            return contracts.EntitlementHoldPlacedV1(**_ids(holder), hold=kind, placed_at=at)
        case events.EntitlementHoldRemoved(holder=Holder() as holder, kind=kind, at=at):
            return contracts.EntitlementHoldRemovedV1(**_ids(holder), hold=kind, removed_at=at)
        case events.EntitlementTerminated(holder=Holder() as holder, successor_id=successor_id, at=at):
            return contracts.EntitlementTerminatedV1(
                **_ids(holder), terminated_at=at, successor_entitlement_id=successor_id
            )
        case events.EntitlementCancelled(holder=Holder() as holder, at=at):
            return contracts.EntitlementTerminatedV1(**_ids(holder), terminated_at=at)
        case _:
            return None


def _ids(holder: Holder) -> dict[str, UUID]:
    return {
        "entitlement_id": entitlement_id(holder.subscription_id),
        "subscription_id": holder.subscription_id,
        "customer_id": holder.customer_id,
    }
