"""What can block a right whatever its window says, and the chain of facts behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from shared.money import Money

HoldKind = Literal["dunning", "expiry", "fraud", "manual", "compliance", "channel", "paused"]
# `expiry` follows the window by itself; nobody places or removes it by command.
OrderedHoldKind = Literal["dunning", "fraud", "manual", "compliance", "channel", "paused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueInvoice:
    invoice_id: UUID
    number: str
    due_on: date
    open: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldCause:
    """`what` is the fact that placed or removed the hold; `step` and `invoices` are there when it was dunning, `by` and
    `reason` when it was a person, `reason` when it was a pause."""

    what: str
    at: datetime
    message_id: UUID | None = None
    step: str | None = None
    invoices: tuple[OverdueInvoice, ...] = ()
    by: str | None = None
    reason: str | None = None
