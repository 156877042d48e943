"""/v1/opportunities: the chance to renew each term, worked on and closed by people, won by billing's quotes."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import RowMapping

from services.renewals.api.access import ChangeOpportunities, ReadRenewals
from services.renewals.api.due import check_due
from services.renewals.api.opportunity_forms import (
    CloseLostIn,
    ContactIn,
    OpenIn,
    OpportunityId,
    OpportunityInFull,
    OpportunityOut,
    SubscriptionId,
    shown,
)
from services.renewals.domain.opportunity import OPPORTUNITY
from services.renewals.domain.opportunity.commands import CloseLost, LogContact, OpenOpportunity
from services.renewals.projections import customers, opportunities, subscriptions
from services.renewals.tables import opportunities as table
from shared.http.fields import Day
from shared.http.pages import Listed, PageQuery, page_of
from shared.http.routes import TransactionalRoute
from shared.unit_of_work import UnitOfWork

router = APIRouter(prefix="/v1/opportunities", tags=["opportunities"], route_class=TransactionalRoute)

State = Literal["tracked", "open", "won", "lost", "superseded"]


@router.get("")
def list_opportunities(
    unit: ReadRenewals,
    page: PageQuery,
    state: State | None = None,
    customer: str | None = None,
    subscription_id: SubscriptionId | None = None,
    due_from: Day | None = None,
    due_to: Day | None = None,
) -> Listed[OpportunityOut]:
    """Due in `[due_from, due_to)`. Terms whose day has not come are listed under state `tracked` only."""
    check_due(due_from, due_to)
    found = opportunities.of_tenant(
        unit, state=state, customer=customer, subscription_id=subscription_id, due_from=due_from, due_to=due_to
    )
    return page_of(unit, found, table.c.opportunity_id, page, _of_row)


@router.get("/{opportunity_id}")
def show(opportunity_id: OpportunityId, unit: ReadRenewals) -> OpportunityInFull:
    out = _out(unit, opportunity_id)
    migrated_in_minor = opportunities.migrated_in_minor(unit, out.subscription_id, out.currency)
    return OpportunityInFull(**dict(out), migrated_in_minor=migrated_in_minor)


@router.post("", status_code=201)
def open_early(body: OpenIn, unit: ChangeOpportunities) -> OpportunityOut:
    """Opens the renewal of the subscription's current term before its day; an open one stays as it is."""
    subscription = subscriptions.get(unit, body.subscription_id)
    dimensions = customers.dimensions_of(unit, subscription.customer_id)
    command = OpenOpportunity(at=unit.now, by=_caller(unit), dimensions=dimensions)
    unit.execute(OPPORTUNITY, subscription.opportunity_id, command)
    return _out(unit, subscription.opportunity_id)


@router.post("/{opportunity_id}/contacts")
def log_contact(opportunity_id: OpportunityId, body: ContactIn, unit: ChangeOpportunities) -> OpportunityOut:
    contact = LogContact(
        contact_id=body.contact_id or unit.new_id(),
        channel=body.channel,
        by=_caller(unit),
        at=unit.now,
        cost_minor=body.cost_minor,
    )
    unit.execute(OPPORTUNITY, opportunity_id, contact)
    return _out(unit, opportunity_id)


@router.post("/{opportunity_id}/close-lost")
def close_lost(opportunity_id: OpportunityId, body: CloseLostIn, unit: ChangeOpportunities) -> OpportunityOut:
    """Lost, or superseded where the value goes on with a successor."""
    successor = subscriptions.successor(
        unit,
        of=_out(unit, opportunity_id).subscription_id,
        subscription_id=body.successor_subscription_id,
        customer=body.successor_customer,
    )
    close = CloseLost(
        reason=body.reason,
        by=_caller(unit),
        at=unit.now,
        note=body.note,
        successor_subscription_id=successor.subscription_id if successor else None,
        successor_customer_id=successor.customer_id if successor else None,
    )
    unit.execute(OPPORTUNITY, opportunity_id, close)
    return _out(unit, opportunity_id)


def _caller(unit: UnitOfWork) -> str:
    return str(unit.cause.context["principal"])


def _out(unit: UnitOfWork, opportunity_id: UUID) -> OpportunityOut:
    return shown(opportunities.get(unit, opportunity_id))


def _of_row(row: RowMapping) -> OpportunityOut:
    return shown(opportunities.view_of(row))
