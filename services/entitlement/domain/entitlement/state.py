"""What an entitlement remembers: a window that time and renewal move, and the set of holds that lie across it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID, uuid5

from services.entitlement.domain.entitlement.holder import Holder
from services.entitlement.domain.entitlement.holds import HoldKind
from services.entitlement.domain.entitlement.sold import Sold
from services.entitlement.domain.entitlement.window import Window
from shared.errors import NotFound

Phase = Literal["scheduled", "active", "grace", "expired", "terminated"]
Ending = Literal["migrated", "cancelled", "window_over", "transferred"]


@dataclass(frozen=True, slots=True)
class Right:
    """The window region. `successor_id` is the entitlement announced to follow at the end of the current term."""

    phase: Phase
    window: Window
    zone: str
    sold: Sold
    successor_id: UUID | None = None
    ending: Ending | None = None


@dataclass(frozen=True, slots=True)
class Entitlement:
    """Two independent regions. There is no right yet where a hold came before the grant: they travel on two topics."""

    right: Right | None = None
    holds: frozenset[HoldKind] = frozenset()
    holder: Holder | None = None

    @property
    def status(self) -> str:
        """What is shown: an open window with a hold across it is suspended."""
        if self.right is None:
            return "unknown"
        if self.holds and self.right.phase in ("active", "grace"):
            return "suspended"
        return self.right.phase


class EntitlementNotFound(NotFound):
    pass


def entitlement_id(subscription_id: UUID) -> UUID:
    """A subscription has one entitlement, and anybody who knows the one knows the other."""
    return uuid5(subscription_id, "entitlement")
