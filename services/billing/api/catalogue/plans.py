"""/v1/plans: the catalogue, by code, in versions that never change."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from sqlalchemy import RowMapping

from services.billing.api.access import ChangeCatalogue, ReadBilling
from services.billing.api.catalogue.plan_forms import PlanAnswer, PlanForm, answered
from services.billing.domain.catalogue import PLAN, PublishPlan, plan_id
from services.billing.projections.catalogue import known_meters, plans, products, tax_places
from services.billing.projections.subscriptions import renewal_policies
from services.billing.tables import plans as table
from shared.http.moments import AtMoment
from shared.http.pages import Listed, PageQuery, page_of
from shared.http.routes import TransactionalRoute

router = APIRouter(prefix="/v1/plans", tags=["catalogue"], route_class=TransactionalRoute)

PlanCode = Annotated[str, Path(pattern=r"^[A-Za-z0-9._:@-]{1,100}$")]


@router.put("/{code}")
def publish(code: PlanCode, body: PlanForm, unit: ChangeCatalogue) -> PlanAnswer:
    """A new version, or with the same content the current one. Subscriptions stay on theirs until they are moved."""
    id_ = plan_id(unit.tenant_id, code)
    command = PublishPlan(
        plan_id=id_,
        plan=body.plan(code),
        meters=known_meters.groups(unit),
        policies=tuple(renewal_policies.current(unit)),
        products=products.categories(unit),
        tax_categories=tax_places.categories(unit),
    )
    unit.execute(PLAN, id_, command)
    return answered(id_, plans.get(unit, code))


@router.get("/{code}")
def show(
    code: PlanCode, unit: ReadBilling, moment: AtMoment, version: Annotated[int | None, Query(ge=1, lt=2**31)] = None
) -> PlanAnswer:
    id_ = plan_id(unit.tenant_id, code)
    with plans.THEN.at(unit, id_, moment):
        return answered(id_, plans.get(unit, code, version))


@router.get("")
def list_plans(unit: ReadBilling, page: PageQuery) -> Listed[PlanAnswer]:
    """The current version of each plan, by code."""
    return page_of(unit, plans.latest(unit), table.c.code, page, _shown)


def _shown(row: RowMapping) -> PlanAnswer:
    return answered(row["plan_id"], plans.read(row["plan"]))
