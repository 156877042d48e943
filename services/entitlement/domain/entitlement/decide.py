"""What an entitlement does when it is told something, early, late or twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import reduce

from services.entitlement.domain.entitlement.clock import migrated, what_is_due, without_expiry
from services.entitlement.domain.entitlement.commands import (
    AmendEntitlement,
    AnnounceSuccessor,
    EntitlementCommand,
    ExtendEntitlement,
    GrantEntitlement,
    PlaceHold,
    ReachInstant,
    RemoveHold,
    TerminateEntitlement,
    TransferEntitlement,
    WithdrawSuccessor,
)
from services.entitlement.domain.entitlement.events import (
    EntitlementActivated,
    EntitlementAmended,
    EntitlementCancelled,
    EntitlementEvent,
    EntitlementExpired,
    EntitlementExtended,
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
from services.entitlement.domain.entitlement.evolve import evolve
from services.entitlement.domain.entitlement.holder import Holder
from services.entitlement.domain.entitlement.holds import HoldCause
from services.entitlement.domain.entitlement.state import Entitlement, EntitlementNotFound, Right
from services.entitlement.domain.entitlement.window import extended, moved, window_of

# Billing said so: nothing that comes later opens it again.
GONE = ("cancelled", "transferred")


def decide(entitlement: Entitlement, command: EntitlementCommand) -> list[EntitlementEvent]:
    events = _decide(entitlement, command)
    holder = _holder(entitlement, command)
    return [_told_of(holder, event) for event in (*events, *_what_is_shown(entitlement, events))]


def _decide(entitlement: Entitlement, command: EntitlementCommand) -> list[EntitlementEvent]:
    match entitlement.right, command:
        case None, _:
            return _before_grant(entitlement, command)
        case _, GrantEntitlement():
            return []
        case _, PlaceHold() | RemoveHold():
            return _hold(entitlement, command)
        case _, ReachInstant(at=at):
            return what_is_due(entitlement, at)
        case Right() as right, ExtendEntitlement():
            return _extend(entitlement, right, command)
        case Right() as right, AmendEntitlement():
            return _amend(entitlement, right, command)
        case Right() as right, AnnounceSuccessor():
            return _announce(entitlement, right, command)
        case Right() as right, WithdrawSuccessor(at=at):
            return _withdraw(entitlement, right, at)
        case Right() as right, TerminateEntitlement(at=at):
            return _terminate(entitlement, right, at)
        case Right() as right, TransferEntitlement():
            return _transfer(entitlement, right, command)


def _before_grant(entitlement: Entitlement, command: EntitlementCommand) -> list[EntitlementEvent]:
    match command:
        case GrantEntitlement():
            return _grant(command)
        case PlaceHold(kind="dunning") | RemoveHold(kind="dunning"):
            return _hold(entitlement, command)  # debts travel on a topic of their own and may overtake the grant
        case _:
            raise EntitlementNotFound("no such entitlement")


def _grant(command: GrantEntitlement) -> list[EntitlementEvent]:
    window, sold = window_of(command.term, command.zone), command.sold
    granted = EntitlementGranted(
        subscription_id=command.subscription_id,
        customer_id=command.customer_id,
        customer_key=command.customer_key,
        zone=command.zone,
        plan_code=sold.plan_code,
        plan_version=sold.plan_version,
        features=sold.features,
        window=window,
        at=command.at,
        quantity=sold.quantity,
    )
    if command.at < window.starts_at:
        return [granted, EntitlementScheduled(starts_at=window.starts_at, at=command.at)]
    return [granted, EntitlementActivated(at=command.at)]


def _amend(entitlement: Entitlement, right: Right, command: AmendEntitlement) -> list[EntitlementEvent]:
    if right.ending in GONE:
        return []
    amended: list[EntitlementEvent] = [] if command.sold == right.sold else [_amended(command)]
    if command.zone in (None, right.zone):
        return amended
    window = moved(right.window, right.zone, command.zone)
    cause = HoldCause(what="zone_changed", at=command.at)
    extended = EntitlementExtended(window=window, at=command.at, zone=command.zone)
    return [*amended, *without_expiry(entitlement, cause), extended]


def _amended(command: AmendEntitlement) -> EntitlementAmended:
    sold = command.sold
    return EntitlementAmended(
        plan_code=sold.plan_code,
        plan_version=sold.plan_version,
        features=sold.features,
        quantity=sold.quantity,
        at=command.at,
    )


def _hold(entitlement: Entitlement, command: PlaceHold | RemoveHold) -> list[EntitlementEvent]:
    match command:
        case PlaceHold(kind=kind, cause=cause) if kind not in entitlement.holds:
            return [EntitlementHoldPlaced(kind=kind, cause=cause, at=cause.at)]
        case RemoveHold(kind=kind, cause=cause) if kind in entitlement.holds:
            return [EntitlementHoldRemoved(kind=kind, cause=cause, at=cause.at)]
        case _:
            return []


def _extend(entitlement: Entitlement, right: Right, command: ExtendEntitlement) -> list[EntitlementEvent]:
    """Legal in every phase but after a cancellation: billing renewed in time, however late the news is here."""
    window = extended(right.window, command.term, right.zone)
    older = window.term_number < right.window.term_number or window.ends_at <= right.window.ends_at
    if older or right.ending in GONE:
        return []
    renewed = HoldCause(what=command.what, at=command.at)
    return [*without_expiry(entitlement, renewed), EntitlementExtended(window=window, at=command.at)]


def _announce(entitlement: Entitlement, right: Right, command: AnnounceSuccessor) -> list[EntitlementEvent]:
    """Legal when the window is over, too: where use goes on was decided before, however late the news is here."""
    if right.ending in ("migrated", *GONE) or right.successor_id == command.successor_id:
        return []
    announced = EntitlementSuccessorAnnounced(successor_id=command.successor_id, at=command.at)
    if right.phase in ("scheduled", "active"):
        return [announced]
    return [announced, *migrated(evolve(entitlement, announced), max(command.at, right.window.ends_at))]


def _withdraw(entitlement: Entitlement, right: Right, at: datetime) -> list[EntitlementEvent]:
    if right.successor_id is None or right.ending not in (None, "migrated"):
        return []
    withdrawn = EntitlementSuccessorWithdrawn(at=at)
    if right.ending is None:
        return [withdrawn]
    # The end was reached before this news: take the step that it would have taken without a successor.
    return [withdrawn, *what_is_due(evolve(entitlement, withdrawn), max(at, right.window.ends_at))]


def _terminate(entitlement: Entitlement, right: Right, at: datetime) -> list[EntitlementEvent]:
    """Also where our own clock ended it meanwhile: it was cancelled before that, however late the news is here."""
    is_late = at <= right.window.ends_at
    if right.ending in GONE or (right.phase == "terminated" and not is_late):
        return []
    if right.phase == "scheduled":
        return [EntitlementCancelled(at=at)]
    cancelled = HoldCause(what="subscription_cancelled", at=at)
    removed = without_expiry(entitlement, cancelled) if is_late else []
    return [*removed, EntitlementTerminated(reason="cancelled", successor_id=None, at=at)]


def _transfer(entitlement: Entitlement, right: Right, command: TransferEntitlement) -> list[EntitlementEvent]:
    """What blocked it stays with whose it was, but for an expiry that our own clock was too fast with."""
    if right.ending in GONE:
        return []
    removed = without_expiry(entitlement, HoldCause(what="transferred", at=command.at))
    terminated = EntitlementTerminated(reason="transferred", successor_id=command.successor_id, at=command.at)
    return [*removed, terminated]


def _holder(entitlement: Entitlement, command: EntitlementCommand) -> Holder | None:
    match command:
        case PlaceHold(holder=holder) | RemoveHold(holder=holder) if entitlement.holder is None:
            return holder
        case _:
            return entitlement.holder


def _told_of(holder: Holder | None, event: EntitlementEvent) -> EntitlementEvent:
    match event:
        case EntitlementExtended() | EntitlementExpired() | EntitlementHoldPlaced() | EntitlementHoldRemoved():
            return replace(event, holder=holder)
        case EntitlementTerminated() | EntitlementCancelled():
            return replace(event, holder=holder)
        case _:
            return event


def _what_is_shown(before: Entitlement, events: list[EntitlementEvent]) -> list[EntitlementEvent]:
    """Suspended and reinstated belong to neither region: they say what the two show together."""
    after = reduce(evolve, events, before)
    if after.status == before.status:
        return []
    match before.status, after.status:
        case _, "suspended":
            return [EntitlementSuspended(at=events[-1].at)]
        case "suspended" | "expired" | "terminated", "active" | "grace":
            return [EntitlementReinstated(at=events[-1].at)]
        case _:
            return []
