"""Turns the steps of dunning into hold `dunning` on the right of the subscription that owes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.entitlement.domain.entitlement import ENTITLEMENT, entitlement_id
from services.entitlement.domain.entitlement.commands import PlaceHold, RemoveHold
from services.entitlement.domain.entitlement.holder import Holder
from services.entitlement.domain.entitlement.holds import HoldCause, OverdueInvoice
from shared.orders import Order

# Steps below these warn or restrict in billing only; a lower step after them gives access back.
BLOCKING_STEPS = ("suspended", "written_off")


def on_dunning_step_reached(
    *, holder: Holder, step: str, invoices: Sequence[OverdueInvoice], message_id: UUID, at: datetime
) -> list[Order]:
    cause = HoldCause(what="dunning_step", at=at, message_id=message_id, step=step, invoices=tuple(invoices))
    hold = PlaceHold if step in BLOCKING_STEPS else RemoveHold
    return _order(holder, hold(kind="dunning", cause=cause, holder=holder))


def on_dunning_cleared(*, holder: Holder, message_id: UUID, at: datetime) -> list[Order]:
    cause = HoldCause(what="dunning_cleared", at=at, message_id=message_id)
    return _order(holder, RemoveHold(kind="dunning", cause=cause, holder=holder))


def _order(holder: Holder, command: PlaceHold | RemoveHold) -> list[Order]:
    return [Order(ENTITLEMENT, entitlement_id(holder.subscription_id), command)]
