"""/v1/revenue: from what was agreed to what is earned, month by month."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from services.billing.api.access import ReadBilling
from services.billing.api.ledger_forms import MONTH, month_of
from services.billing.domain.plan import RevenueClass
from services.billing.domain.tenant_settings import TENANT_SETTINGS
from services.billing.projections import revenue
from services.billing.projections.revenue import Movement
from shared.http.routes import TransactionalRoute

router = APIRouter(prefix="/v1/revenue", tags=["revenue"], route_class=TransactionalRoute)


class MovementOut(BaseModel):
    """`booked` is what terms agreed in the month are worth, and `forecast` what is left of all terms to be invoiced after
    it: flat charges both. `billed` is net of documents booked in the month, `recognised` what was earned,
    `deferred_before` and `deferred` what was billed and not earned: before + billed - recognised = deferred."""

    currency: str
    revenue_class: RevenueClass
    booked_minor: int
    billed_minor: int
    recognised_minor: int
    deferred_before_minor: int
    deferred_minor: int
    forecast_minor: int


class RevenueMapping(BaseModel):
    period: str
    classes: list[MovementOut]


@router.get("/mapping")
def show_mapping(unit: ReadBilling, period: Annotated[str, Query(pattern=MONTH)]) -> RevenueMapping:
    """Of a month, as it is known now; of one that is not over, as it will be if nothing else happens."""
    zone = unit.state(TENANT_SETTINGS, unit.tenant_id).zone
    found = revenue.mapping(unit, month_of(period), zone)
    return RevenueMapping(period=period, classes=[_shown(*key, movement) for key, movement in found.items()])


def _shown(currency: str, revenue_class: RevenueClass, movement: Movement) -> MovementOut:
    amounts = {f"{name}_minor": amount for name, amount in asdict(movement).items()}
    return MovementOut(currency=currency, revenue_class=revenue_class, **amounts)
