"""/v1/plans/{code}/rehearsal: who will move to a version of a plan, who will not, when, and why."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy import RowMapping

from services.billing.api.access import RehearsePlans
from services.billing.api.catalogue.plan_forms import Form
from services.billing.api.catalogue.plans import PlanCode
from services.billing.api.subscriptions.subscriptions import SubscriptionId
from services.billing.domain.plan import PlanVersion
from services.billing.domain.quote import QUOTE
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.state import Status
from services.billing.processes.rehearsal import Verdict, rehearse
from services.billing.projections.catalogue import plans
from services.billing.projections.quotes import quotes
from services.billing.projections.subscriptions import subscriptions
from services.billing.tables import subscriptions as table
from shared.http.pages import PageQuery, page_of
from shared.http.routes import TransactionalRoute
from shared.unit_of_work import UnitOfWork

router = APIRouter(prefix="/v1/plans", tags=["rehearsal"], route_class=TransactionalRoute)


class RehearsalIn(Form):
    """Without `version` the current one."""

    version: Annotated[int, Field(strict=True, ge=1, lt=2**31)] | None = None


class RehearsedOut(BaseModel):
    """`on` is the day of the move, which `may_move` leaves to who accepts the quote; `earliest_on` the next day on which an
    amendment at the end of a period would move it. Yearly values are flat and net: now, and on the version."""

    subscription_id: SubscriptionId
    customer: str
    status: Status
    version: int | None
    verdict: Verdict
    reason: str
    on: date | None
    earliest_on: date | None
    currency: str
    before_minor: int | None
    after_minor: int | None


class RehearsalOut(BaseModel):
    """`version` is the version of the plan that it is about."""

    plan: str
    version: int
    items: list[RehearsedOut]
    next_cursor: str | None


@router.post("/{code}/rehearsal")
def rehearse_version(
    code: PlanCode, unit: RehearsePlans, page: PageQuery, body: RehearsalIn | None = None
) -> RehearsalOut:
    """Every subscription that has the plan, had it, or will. Nothing is moved by it."""
    plan = plans.get(unit, code, body.version if body else None)

    def shown(row: RowMapping) -> RehearsedOut:
        return _rehearsed(unit, plan, row)

    listed = page_of(unit, subscriptions.with_plan(unit, code), table.c.subscription_id, page, shown)
    return RehearsalOut(plan=code, version=plan.version, items=listed.items, next_cursor=listed.next_cursor)


def _rehearsed(unit: UnitOfWork, plan: PlanVersion, row: RowMapping) -> RehearsedOut:
    id_ = row["subscription_id"]
    subscription = unit.state(SUBSCRIPTION, id_)
    renewals = [unit.state(QUOTE, quote_id) for quote_id in quotes.open_renewals(unit, id_)]
    found = rehearse(subscription, plan, renewals, unit.now)
    return RehearsedOut(
        subscription_id=id_,
        customer=row["customer_key"],
        status=row["status"],
        version=found.version,
        verdict=found.verdict,
        reason=found.reason,
        on=found.on,
        earliest_on=found.earliest_on,
        currency=subscription.currency,
        before_minor=None if found.before is None else found.before.minor,
        after_minor=None if found.after is None else found.after.minor,
    )
