"""Which instants an opportunity must be told about, and the order when one has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.renewals.domain.opportunity import OPPORTUNITY
from services.renewals.domain.opportunity.commands import CloseUnanswered, OpenOpportunity
from services.renewals.domain.opportunity.events import OpportunityEvent, RenewalPostponed, TermTracked
from shared.orders import Order

TimerName = Literal["open", "no_response"]


@dataclass(frozen=True, slots=True)
class Due:
    timer: TimerName
    at: datetime


def due_instants(event: OpportunityEvent) -> tuple[Due, ...]:
    """The due dates that a fact creates. None is ever cancelled: one that became stale changes nothing."""
    match event:
        case TermTracked(opens_at=opens_at, unanswered_at=unanswered_at):
            return Due("open", opens_at), Due("no_response", unanswered_at)
        case RenewalPostponed(unanswered_at=unanswered_at):
            return (Due("no_response", unanswered_at),)
        case _:
            return ()


def on_opening(*, opportunity_id: UUID, fire_at: datetime, dimensions: dict[str, str]) -> list[Order]:
    return [Order(OPPORTUNITY, opportunity_id, OpenOpportunity(at=fire_at, dimensions=dimensions))]


def on_no_response(*, opportunity_id: UUID, fire_at: datetime) -> list[Order]:
    return [Order(OPPORTUNITY, opportunity_id, CloseUnanswered(at=fire_at))]
