"""An opportunity as it is shown: the facts of its stream, folded; the same for the read model and for a past instant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import reduce
from typing import Any
from uuid import UUID

from services.renewals.domain.opportunity.events import (
    RenewalBaseAdjusted,
    RenewalContacted,
    RenewalLost,
    RenewalOpportunityOpened,
    RenewalPostponed,
    RenewalQuotePrepared,
    RenewalQuoteStale,
    RenewalSuperseded,
    RenewalWon,
    TermTracked,
)
from services.renewals.domain.opportunity.state import Stage
from services.renewals.domain.opportunity.term import ExpiringTerm, due_on
from services.renewals.domain.opportunity.value import RenewalMode, RenewalValue
from shared.event_store import Recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    contact_id: UUID
    channel: str
    days_in_advance: int
    by: str
    at: datetime
    cost_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """How it ended. `reason_class` and `reason` are there when it was not won, `value` when it was."""

    on: date
    at: datetime
    by: str | None = None
    reason: str | None = None
    reason_class: str | None = None
    addressable: str | None = None
    note: str | None = None
    value: RenewalValue | None = None
    term_months: int = 0
    late_days: int = 0
    successor_subscription_id: UUID | None = None
    successor_customer_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpportunityView:
    """`stage` is tracked until the term's day has come; there is a decision when it is won, lost or superseded."""

    opportunity_id: UUID
    version: int = 0
    term: ExpiringTerm | None = None
    stage: Stage = "tracked"
    due_on: date = date.min
    opens_at: datetime | None = None
    opened_at: datetime | None = None
    opened_by: str | None = None
    quote_id: UUID | None = None
    quote_is_stale: bool = False
    mode: RenewalMode = "assisted"
    contacts: tuple[Contact, ...] = ()
    decision: Decision | None = None

    @property
    def booked_minor(self) -> int:
        """0 unless it is won."""
        return self.decision.value.booked.minor if self.decision and self.decision.value else 0


def fold(view: OpportunityView, recorded: Iterable[Recorded]) -> OpportunityView:
    """Further facts of the same stream; those it has seen already change nothing."""
    return reduce(_seen, recorded, view)


def _seen(view: OpportunityView, entry: Recorded) -> OpportunityView:
    if entry.version <= view.version:
        return view
    return replace(view, version=entry.version, **_change(view, entry.event))


def _change(view: OpportunityView, event: Any) -> dict[str, Any]:
    match event:
        case TermTracked(term=term, opens_at=opens_at):
            return {"term": term, "due_on": due_on(term), "opens_at": opens_at}
        case RenewalOpportunityOpened(term=term, by=by, at=at):
            return {"stage": "open", "term": term, "opened_at": at, "opened_by": by}
        case RenewalBaseAdjusted(base=base) if view.term is not None:
            return {"term": replace(view.term, base=base)}
        case RenewalPostponed() if view.term is not None:
            return _postponed(view, view.term, event)
        case RenewalQuoteStale():
            return {"quote_is_stale": True}
        case RenewalContacted():
            return {"contacts": (*view.contacts, _contact(event))}
        case RenewalQuotePrepared(quote_id=quote_id):
            return {"quote_id": quote_id, "quote_is_stale": False}
        case RenewalWon(quote_id=quote_id, mode=mode):
            won = {"stage": "won", "decision": _won(event), "mode": mode}
            return won if mode == "auto" else won | {"quote_id": quote_id}
        case RenewalLost(at=at):
            return {"stage": "lost", "decision": _lost(event), **_if_before(view.opened_at, at)}
        case RenewalSuperseded(at=at):
            return {"stage": "superseded", "decision": _superseded(event), **_if_before(view.opened_at, at)}
        case _:
            return {}


def _postponed(view: OpportunityView, before: ExpiringTerm, event: RenewalPostponed) -> dict[str, Any]:
    term = replace(before, ends_on=event.ends_on, zone=event.zone or before.zone)
    postponed = {"term": term, "due_on": event.due_on}
    return postponed | {"stage": "open", "decision": None} if view.stage == "lost" else postponed


def _if_before(opened_at: datetime | None, decided_at: datetime) -> dict[str, None]:
    """What was decided before its day came was never opened."""
    return {"opened_at": None, "opened_by": None} if opened_at is not None and decided_at < opened_at else {}


def _contact(event: RenewalContacted) -> Contact:
    return Contact(
        contact_id=event.contact_id,
        channel=event.channel,
        days_in_advance=event.days_in_advance,
        by=event.by,
        at=event.at,
        cost_minor=event.cost.minor if event.cost else 0,
    )


def _won(event: RenewalWon) -> Decision:
    return Decision(
        on=event.decided_on,
        at=event.at,
        value=event.value,
        term_months=event.term_months,
        late_days=event.late_days,
    )


def _lost(event: RenewalLost) -> Decision:
    return Decision(
        on=event.decided_on,
        at=event.at,
        by=event.by,
        reason=event.reason,
        reason_class=event.churn_class,
        addressable=event.addressable,
        note=event.note,
    )


def _superseded(event: RenewalSuperseded) -> Decision:
    return Decision(
        on=event.decided_on,
        at=event.at,
        by=event.by,
        reason=event.reason,
        reason_class="superseded",
        note=event.note,
        successor_subscription_id=event.successor_subscription_id,
        successor_customer_id=event.successor_customer_id,
    )
