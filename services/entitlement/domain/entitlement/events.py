"""The facts of an entitlement's life; `at` is when each took effect.

`holder` is the same on every fact of one entitlement, so it takes no part in telling them apart.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.entitlement.domain.entitlement.holder import Holder
from services.entitlement.domain.entitlement.holds import HoldCause, HoldKind
from services.entitlement.domain.entitlement.state import Ending
from services.entitlement.domain.entitlement.window import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitlementGranted:
    subscription_id: UUID
    customer_id: UUID
    customer_key: str
    zone: str
    plan_code: str
    plan_version: int
    features: dict[str, int | None]
    window: Window
    at: datetime
    quantity: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitlementScheduled:
    starts_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitlementActivated:
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitlementExtended:
    """Rights go on to the end of a later term, and an announced successor belonged to the one before; or to a later end of
    the same term; or, earlier or later, to where its last day ends in another `zone`."""

    window: Window
    at: datetime
    holder: Holder | None = field(default=None, compare=False)
    zone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitlementAmended:
    """Another plan, other limits or another quantity for the rest of the window."""

    plan_code: str
    plan_version: int
    features: dict[str, int | None]
    quantity: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitlementGraceStarted:
    until: datetime
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitlementExpired:
    at: datetime
    holder: Holder | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitlementHoldPlaced:
    kind: HoldKind
    cause: HoldCause
    at: datetime
    holder: Holder | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitlementHoldRemoved:
    kind: HoldKind
    cause: HoldCause
    at: datetime
    holder: Holder | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitlementSuspended:
    """Shown as suspended from now on; the holds and the window say why."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitlementReinstated:
    """Open again after a hold, an expiry or a termination by the clock."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitlementSuccessorAnnounced:
    successor_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitlementSuccessorWithdrawn:
    """Undoes the announcement, and the termination if that was faster than this news."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitlementTerminated:
    reason: Ending
    successor_id: UUID | None
    at: datetime
    holder: Holder | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitlementCancelled:
    """Ended before it began."""

    at: datetime
    holder: Holder | None = field(default=None, compare=False)


EntitlementEvent = (
    EntitlementGranted
    | EntitlementScheduled
    | EntitlementActivated
    | EntitlementExtended
    | EntitlementAmended
    | EntitlementGraceStarted
    | EntitlementExpired
    | EntitlementHoldPlaced
    | EntitlementHoldRemoved
    | EntitlementSuspended
    | EntitlementReinstated
    | EntitlementSuccessorAnnounced
    | EntitlementSuccessorWithdrawn
    | EntitlementTerminated
    | EntitlementCancelled
)
