"""What is sent and shown about an opportunity."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.renewals.domain.opportunity.value import RenewalMode
from services.renewals.projections.opportunities import term_of
from services.renewals.projections.opportunity_view import Contact, Decision, OpportunityView
from shared.ids import prefixed

OpportunityId = Annotated[UUID, prefixed("opp")]
SubscriptionId = Annotated[UUID, prefixed("sub")]
CustomerId = Annotated[UUID, prefixed("cus")]
QuoteId = Annotated[UUID, prefixed("quo")]
ContactId = Annotated[UUID, prefixed("con")]
Text = Annotated[str, Field(min_length=1, max_length=500)]


class OpenIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    subscription_id: SubscriptionId


class ContactIn(BaseModel):
    """`contact_id` is the caller's own, so that noting it twice notes it once; `cost_minor` is in the base's currency."""

    model_config = ConfigDict(extra="forbid")
    channel: Annotated[str, Field(min_length=1, max_length=50)]
    contact_id: ContactId | None = None
    cost_minor: Annotated[int, Field(strict=True, ge=0, lt=10**15)] | None = None


class CloseLostIn(BaseModel):
    """The successor is named by its subscription, or by its customer's external id."""

    model_config = ConfigDict(extra="forbid")
    reason: Annotated[str, Field(min_length=1, max_length=100)]
    note: Text | None = None
    successor_subscription_id: SubscriptionId | None = None
    successor_customer: Annotated[str, Field(min_length=1, max_length=100)] | None = None


class ContactOut(BaseModel):
    contact_id: ContactId
    channel: str
    days_in_advance: int
    by: str
    at: datetime
    cost_minor: int


class OpportunityOut(BaseModel):
    """`due_on` is the last day of the term that ends; amounts are annual, in minor units of `currency`."""

    opportunity_id: OpportunityId
    subscription_id: SubscriptionId
    customer_id: CustomerId
    customer: str
    term_number: int
    state: str
    due_on: date
    opens_at: datetime | None
    opened_at: datetime | None
    opened_by: str | None
    quote_id: QuoteId | None
    quote_is_stale: bool
    mode: RenewalMode
    policy: str
    policy_version: int
    currency: str
    base_minor: int
    booked_minor: int
    decided_on: date | None
    decided_at: datetime | None
    decided_by: str | None
    on_time: bool | None
    late_days: int | None
    reason: str | None
    reason_class: str | None
    addressable: str | None
    note: str | None
    successor_subscription_id: SubscriptionId | None
    successor_customer_id: CustomerId | None
    contacts: list[ContactOut]
    version: int


class OpportunityInFull(OpportunityOut):
    """`migrated_in_minor` is the base of what this subscription took over from others; no rate counts it."""

    migrated_in_minor: int


def shown(view: OpportunityView) -> OpportunityOut:
    term, decision = term_of(view), view.decision
    return OpportunityOut(
        opportunity_id=view.opportunity_id,
        subscription_id=term.subscription_id,
        customer_id=term.customer_id,
        customer=term.customer_key,
        term_number=term.number,
        state=view.stage,
        due_on=view.due_on,
        opens_at=view.opens_at,
        opened_at=view.opened_at,
        opened_by=view.opened_by,
        quote_id=view.quote_id,
        quote_is_stale=view.quote_is_stale,
        mode=view.mode,
        policy=term.policy.code,
        policy_version=term.policy.version,
        currency=term.base.currency,
        base_minor=term.base.minor,
        booked_minor=view.booked_minor,
        contacts=[_contact(contact) for contact in view.contacts],
        version=view.version,
        **_decision(decision, won=view.stage == "won"),
    )


def _decision(decision: Decision | None, *, won: bool) -> dict[str, object]:
    return {
        "decided_on": decision.on if decision else None,
        "decided_at": decision.at if decision else None,
        "decided_by": decision.by if decision else None,
        "on_time": decision.late_days == 0 if decision and won else None,
        "late_days": decision.late_days if decision and won else None,
        "reason": decision.reason if decision else None,
        "reason_class": decision.reason_class if decision else None,
        "addressable": decision.addressable if decision else None,
        "note": decision.note if decision else None,
        "successor_subscription_id": decision.successor_subscription_id if decision else None,
        "successor_customer_id": decision.successor_customer_id if decision else None,
    }


def _contact(contact: Contact) -> ContactOut:
    return ContactOut(
        contact_id=contact.contact_id,
        channel=contact.channel,
        days_in_advance=contact.days_in_advance,
        by=contact.by,
        at=contact.at,
        cost_minor=contact.cost_minor,
    )
