"""What dunning can be told: what is owed, what is not owed any more, and that a day came. Without a subscription it is about
what a customer owes beside any."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.billing.domain.dunning.events import Debt
from shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackDebt:
    subscription_id: UUID | None
    customer_id: UUID
    zone: str
    debt: Debt


@dataclass(frozen=True, slots=True, kw_only=True)
class ReduceDebt:
    """`open` is what is left of the invoice; nothing left settles it."""

    invoice_id: UUID
    open: Money
    subscription_id: UUID | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreDebt:
    """What had been paid of an invoice is owed again: its payment was taken back."""

    subscription_id: UUID | None
    customer_id: UUID
    zone: str
    debt: Debt
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClimbLadder:
    """With `only_reminds` no further than the customer is warned."""

    subscription_id: UUID | None
    at: datetime
    only_reminds: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOffDebt:
    """`lost` is what is not expected of it any more."""

    invoice_id: UUID
    lost: Money
    subscription_id: UUID | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoverDebt:
    """`lost` is what is still not expected of it; nothing left is all that is asked for."""

    invoice_id: UUID
    lost: Money
    subscription_id: UUID | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldDebts:
    """A payment plan was agreed for them on this day; with `lifts` they count for no step while it is kept."""

    plan_id: UUID
    invoice_ids: tuple[UUID, ...]
    on: date
    lifts: bool
    subscription_id: UUID | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseDebts:
    """The plan has ended."""

    plan_id: UUID
    on: date
    subscription_id: UUID | None
    at: datetime


DunningCommand = (
    TrackDebt | ReduceDebt | RestoreDebt | ClimbLadder | WriteOffDebt | RecoverDebt | HoldDebts | ReleaseDebts
)
