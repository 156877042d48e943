"""How an opportunity ends: by the customer's acceptance, by a person who says why, or by silence."""

from __future__ import annotations

from typing import Any

from services.renewals.domain.opportunity.commands import CloseCancelled, CloseLost, CloseTransferred, WinOpportunity
from services.renewals.domain.opportunity.events import OpportunityEvent, RenewalLost, RenewalSuperseded, RenewalWon
from services.renewals.domain.opportunity.state import Opportunity, SuccessorIsItself, SuccessorMissing
from services.renewals.domain.opportunity.term import ExpiringTerm, due_on, unanswered_at
from services.renewals.domain.reasons import REASONS, SYNONYMS, Reason, reason_for
from shared.money import CurrencyMismatch
from shared.periods import local_day


def won(opportunity: Opportunity, command: WinOpportunity) -> RenewalWon:
    """Decided on the local day of acceptance; late days count from the due day, the last day of the term."""
    term, value = opportunity.term, command.value
    if value.booked.currency != term.base.currency:
        raise CurrencyMismatch(f"the term is worth {term.base}, the renewal {value.booked}", field="/currency")
    decided_on = local_day(command.at, term.zone)
    late_days = max(0, (decided_on - due_on(term)).days)
    return RenewalWon(
        **_of_term(term),
        quote_id=command.quote_id,
        value=value,
        like_for_like=value.like_for_like,
        booked=value.booked,
        term_months=command.term_months,
        decided_on=decided_on,
        on_time=late_days == 0,
        late_days=late_days,
        at=command.at,
        mode=command.mode,
    )


def closed(opportunity: Opportunity, command: CloseLost) -> OpportunityEvent:
    reason = reason_for(command.reason)
    successor_known = command.successor_subscription_id is not None
    if reason.needs_successor and not successor_known:
        raise SuccessorMissing(
            f"{reason.code} needs the subscription the customer moved to", field="/successor_subscription_id"
        )
    if command.successor_subscription_id == opportunity.term.subscription_id:
        raise SuccessorIsItself("name another subscription than the one that ends", field="/successor_subscription_id")
    if reason.supersedes(successor_known=successor_known):
        return _superseded(opportunity, command, reason)
    return _lost(opportunity, command, reason)


def already_closed(opportunity: Opportunity, command: CloseLost) -> bool:
    """The same closing once more, which is harmless; a successor matters only where it took the value over."""
    reason, successor = reason_for(command.reason), command.successor_subscription_id
    if reason.code != opportunity.reason:
        return False
    if reason.supersedes(successor_known=successor is not None):
        return successor == opportunity.successor_subscription_id
    return opportunity.stage == "lost"


def unanswered(opportunity: Opportunity) -> RenewalLost:
    term = opportunity.term
    command = CloseLost(reason="no_response", by="clock", at=unanswered_at(term))
    return _lost(opportunity, command, reason_for("no_response"))


def cancelled(opportunity: Opportunity, command: CloseCancelled) -> RenewalLost:
    """Lost for the reason that was given, where it is one that says why a customer leaves; its words are kept."""
    reason = REASONS.get(SYNONYMS.get(command.reason, command.reason), REASONS["cancelled_in_term"])
    if reason.needs_successor or reason.supersedes(successor_known=False):
        reason = REASONS["cancelled_in_term"]
    lost = CloseLost(reason=reason.code, by="billing", at=command.at, note=command.reason)
    return _lost(opportunity, lost, reason)


def transferred(opportunity: Opportunity, command: CloseTransferred) -> RenewalSuperseded:
    reason = REASONS["transferred_to_other_customer"]
    told = CloseLost(
        reason=reason.code,
        by="billing",
        at=command.at,
        successor_subscription_id=command.successor_subscription_id,
        successor_customer_id=command.successor_customer_id,
    )
    return _superseded(opportunity, told, reason)


def _lost(opportunity: Opportunity, command: CloseLost, reason: Reason) -> RenewalLost:
    told = _of_closing(opportunity, command, reason)
    return RenewalLost(**told, churn_class=reason.churn_class, addressable=reason.addressable)


def _superseded(opportunity: Opportunity, command: CloseLost, reason: Reason) -> RenewalSuperseded:
    return RenewalSuperseded(
        **_of_closing(opportunity, command, reason),
        successor_subscription_id=command.successor_subscription_id,
        successor_customer_id=command.successor_customer_id,
    )


def _of_closing(opportunity: Opportunity, command: CloseLost, reason: Reason) -> dict[str, Any]:
    """What every closing says, whatever became of the value."""
    return {
        **_of_term(opportunity.term),
        "quote_id": opportunity.quote_id,
        "reason": reason.code,
        "decided_on": local_day(command.at, opportunity.term.zone),
        "by": command.by,
        "note": command.note,
        "at": command.at,
    }


def _of_term(term: ExpiringTerm) -> dict[str, Any]:
    """What every decision says of the term."""
    return {
        "subscription_id": term.subscription_id,
        "customer_id": term.customer_id,
        "customer_key": term.customer_key,
        "term_number": term.number,
        "due_on": due_on(term),
        "base": term.base,
    }
