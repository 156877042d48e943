"""What entitlement tells the others. Fields are only ever added, as optional."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from shared.messages import Contract


class EntitlementMessage(Contract, frozen=True, kw_only=True):
    entitlement_id: UUID
    subscription_id: UUID
    customer_id: UUID


class EntitlementGrantedV1(EntitlementMessage, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "entitlement.entitlement_granted.v1"
    features: dict[str, int | None]
    starts_at: datetime
    ends_at: datetime


class EntitlementHoldPlacedV1(EntitlementMessage, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "entitlement.hold_placed.v1"
    hold: str
    placed_at: datetime


class EntitlementHoldRemovedV1(EntitlementMessage, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "entitlement.hold_removed.v1"
    hold: str
    removed_at: datetime


class EntitlementExtendedV1(EntitlementMessage, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "entitlement.entitlement_extended.v1"
    ends_at: datetime


class EntitlementExpiredV1(EntitlementMessage, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "entitlement.entitlement_expired.v1"
    expired_at: datetime


class EntitlementTerminatedV1(EntitlementMessage, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "entitlement.entitlement_terminated.v1"
    terminated_at: datetime
    successor_subscription_id: UUID | None = None
    successor_entitlement_id: UUID | None = None
