"""Which domain events the rest of the company hears about, and in which words."""

from __future__ import annotations

from typing import Any

from services.renewals.domain.opportunity import opportunity_id
from services.renewals.domain.opportunity.events import (
    RenewalLost,
    RenewalOpportunityOpened,
    RenewalSuperseded,
    RenewalWon,
)
from services.renewals.domain.policy import PolicyVersion, RenewalPolicyPublished, policy_id
from shared.contracts import renewals as contracts
from shared.messages import Contract

TOPICS = {"renewal_policy": "renewals.policies", "renewal_opportunity": "renewals.opportunities"}


def to_contract(event: Any) -> Contract | None:
    match event:
        case RenewalPolicyPublished(policy=policy):
            return _policy_published(policy)
        case RenewalOpportunityOpened():
            return _opened(event)
        case RenewalWon():
            return _won(event)
        case RenewalLost():
            return contracts.RenewalLostV1(
                **_outcome(event), reason=event.reason, reason_class=event.churn_class, quote_id=event.quote_id
            )
        case RenewalSuperseded():
            return _superseded(event)
        case _:
            return None


def _won(event: RenewalWon) -> contracts.RenewalWonV1:
    return contracts.RenewalWonV1(
        **_outcome(event),
        quote_id=event.quote_id,
        accepted_at=event.at,
        late_days=event.late_days,
        mode=event.mode,
        value_minor=event.booked.minor,
    )


def _superseded(event: RenewalSuperseded) -> contracts.RenewalSupersededV1:
    return contracts.RenewalSupersededV1(
        **_outcome(event),
        reason=event.reason,
        successor_subscription_id=event.successor_subscription_id,
        quote_id=event.quote_id,
    )


def _policy_published(policy: PolicyVersion) -> contracts.RenewalPolicyPublishedV1:
    terms = policy.terms
    return contracts.RenewalPolicyPublishedV1(
        policy_id=policy_id(policy.code),
        code=policy.code,
        version=policy.version,
        open_days=terms.open_days,
        grace_days=terms.grace_days,
        grace_mode=terms.grace_mode,
        reinstatement_days=terms.reinstatement_days,
        reinstatement_percent=terms.reinstatement_percent,
        uplift_percent=terms.uplift_percent,
        notice_days=terms.auto.notice_days if terms.auto else None,
        price_cap_percent=terms.auto.price_cap_percent if terms.auto else None,
    )


def _opened(event: RenewalOpportunityOpened) -> contracts.RenewalOpportunityOpenedV1:
    term = event.term
    return contracts.RenewalOpportunityOpenedV1(
        opportunity_id=opportunity_id(term.subscription_id, term.number),
        subscription_id=term.subscription_id,
        customer_id=term.customer_id,
        customer_key=term.customer_key,
        term_number=term.number,
        due_on=event.due_on,
        currency=term.base.currency,
        base_minor=term.base.minor,
        policy=term.policy.code,
        policy_version=term.policy.version,
        uplift_percent=term.policy.terms.uplift_percent,
    )


def _outcome(event: RenewalWon | RenewalLost | RenewalSuperseded) -> dict[str, Any]:
    return {
        "opportunity_id": opportunity_id(event.subscription_id, event.term_number),
        "subscription_id": event.subscription_id,
        "customer_id": event.customer_id,
        "customer_key": event.customer_key,
        "term_number": event.term_number,
        "due_on": event.due_on,
        "currency": event.base.currency,
        "base_minor": event.base.minor,
    }
