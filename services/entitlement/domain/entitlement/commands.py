"""The orders an entitlement takes; `at` is the time of the fact that causes them, never of their delivery."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.entitlement.domain.entitlement.holder import Holder
from services.entitlement.domain.entitlement.holds import HoldCause, OrderedHoldKind
from services.entitlement.domain.entitlement.sold import Sold
from services.entitlement.domain.entitlement.window import Term


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantEntitlement:
    """`customer_key` is the external id by which applications name the account."""

    subscription_id: UUID
    customer_id: UUID
    customer_key: str
    zone: str
    sold: Sold
    term: Term
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendEntitlement:
    """To the end of the next term; or of the same one, where the subscription was paused in it."""

    term: Term
    at: datetime
    what: Literal["term_renewed", "subscription_resumed", "trial_converted"] = "term_renewed"


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendEntitlement:
    """What the subscription sells from now on, and the zone that its days are of; None says nothing of it."""

    sold: Sold
    at: datetime
    zone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnounceSuccessor:
    successor_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawSuccessor:
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminateEntitlement:
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferEntitlement:
    """The right goes on as another customer's."""

    successor_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceHold:
    """`holder` is needed where the hold may come before the grant that names it."""

    kind: OrderedHoldKind
    cause: HoldCause
    holder: Holder | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveHold:
    kind: OrderedHoldKind
    cause: HoldCause
    holder: Holder | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachInstant:
    """A due instant has come. It may be stale: the window is judged by its own instants against `at`."""

    at: datetime


EntitlementCommand = (
    GrantEntitlement
    | ExtendEntitlement
    | AmendEntitlement
    | AnnounceSuccessor
    | WithdrawSuccessor
    | TerminateEntitlement
    | TransferEntitlement
    | PlaceHold
    | RemoveHold
    | ReachInstant
)
