"""How plans and quotes are told to the others."""

from __future__ import annotations

from typing import Any, TypedDict
from uuid import UUID

from services.billing.domain.catalogue import PlanPublished
from services.billing.domain.quote.deal import Deal
from services.billing.domain.quote.events import (
    QuoteAccepted,
    QuoteDeclined,
    QuoteDrafted,
    QuoteExpired,
    QuoteSent,
    QuoteWithdrawn,
)
from shared.contracts import billing as contracts


class _About(TypedDict):
    quote_id: UUID
    version: int
    purpose: str
    customer_id: UUID
    customer_key: str
    subscription_id: UUID | None
    opportunity_id: UUID | None


def plan_contract(event: PlanPublished) -> contracts.PlanPublishedV1:
    plan = event.plan
    return contracts.PlanPublishedV1(
        plan_id=event.plan_id, code=plan.code, version=plan.version, features=plan.features
    )


def quote_contract(event: Any) -> contracts.QuoteMessage | None:
    match event:
        case QuoteDrafted(deal=deal, version=version):
            return contracts.QuoteDraftedV1(**_about(deal, version))
        case QuoteSent(deal=deal, version=version, valid_until=valid_until):
            return contracts.QuoteSentV1(**_about(deal, version), valid_until=valid_until)
        case QuoteAccepted():
            return _accepted(event)
        case QuoteDeclined(deal=deal, version=version):
            return contracts.QuoteClosedV1(**_about(deal, version), outcome="declined")
        case QuoteWithdrawn(deal=deal, version=version):
            return contracts.QuoteClosedV1(**_about(deal, version), outcome="withdrawn")
        case QuoteExpired(deal=deal, version=version):
            return contracts.QuoteClosedV1(**_about(deal, version), outcome="expired")
        case _:
            return None


def _accepted(event: QuoteAccepted) -> contracts.QuoteAcceptedV1:
    return contracts.QuoteAcceptedV1(
        **_about(event.deal, event.version),
        accepted_at=event.accepted_at,
        accepted_on=event.accepted_on,
        currency=event.deal.party.currency,
        term_months=event.term_months,
        prior_annual_minor=event.annual.prior.minor,
        list_annual_minor=event.annual.list_amount.minor,
        discount_annual_minor=event.annual.discount.minor,
        booked_annual_minor=event.annual.booked.minor,
    )


def _about(deal: Deal, version: int) -> _About:
    return {
        "quote_id": deal.quote_id,
        "version": version,
        "purpose": deal.purpose,
        "customer_id": deal.party.customer_id,
        "customer_key": deal.party.key,
        "subscription_id": deal.subscription_id,
        "opportunity_id": deal.opportunity_id,
    }
