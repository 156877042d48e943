"""How each fact changes what an opportunity remembers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from services.renewals.domain.opportunity.events import (
    OpportunityEvent,
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
from services.renewals.domain.opportunity.state import Opportunity
from services.renewals.domain.opportunity.term import ExpiringTerm
from shared.decider import CorruptStream

UNDECIDED: dict[str, Any] = {"reason": None, "is_unanswered": False, "successor_subscription_id": None}


def evolve(opportunity: Opportunity | None, event: OpportunityEvent) -> Opportunity | None:
    match opportunity, event:
        case None, TermTracked(term=term):
            return Opportunity("tracked", term)
        case Opportunity(), TermTracked(term=term):
            return replace(opportunity, term=term)
        case Opportunity(), RenewalOpportunityOpened(term=term):
            return replace(opportunity, stage="open", term=term)
        case Opportunity(), RenewalBaseAdjusted(base=base):
            return replace(opportunity, term=replace(opportunity.term, base=base))
        case Opportunity(stage="lost"), RenewalPostponed():
            return replace(opportunity, stage="open", term=_postponed(opportunity.term, event), **UNDECIDED)
        case Opportunity(), RenewalPostponed():
            return replace(opportunity, term=_postponed(opportunity.term, event))
        case Opportunity(), RenewalQuoteStale():
            return replace(opportunity, quote_is_stale=True)
        case Opportunity(), RenewalContacted(contact_id=contact_id):
            return replace(opportunity, contacts=opportunity.contacts | {contact_id})
        case Opportunity(), RenewalQuotePrepared(quote_id=quote_id):
            return replace(opportunity, quote_id=quote_id, quote_is_stale=False)
        case Opportunity(), RenewalWon() | RenewalLost() | RenewalSuperseded():
            return _decided(opportunity, event)
        case _:
            raise CorruptStream(opportunity, event)


def _decided(opportunity: Opportunity, event: RenewalWon | RenewalLost | RenewalSuperseded) -> Opportunity:
    match event:
        case RenewalWon(quote_id=quote_id):
            return replace(opportunity, stage="won", quote_id=quote_id or opportunity.quote_id, **UNDECIDED)
        case RenewalLost(reason=reason, by=by):
            return replace(opportunity, stage="lost", reason=reason, is_unanswered=by == "clock")
        case RenewalSuperseded(reason=reason, successor_subscription_id=successor_id):
            return replace(opportunity, stage="superseded", reason=reason, successor_subscription_id=successor_id)


def _postponed(term: ExpiringTerm, event: RenewalPostponed) -> ExpiringTerm:
    return replace(term, ends_on=event.ends_on, zone=event.zone or term.zone)
