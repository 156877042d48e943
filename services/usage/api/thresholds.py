"""/v1/periods/{id}/thresholds: parts of an allowance, told when a period crosses them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from services.usage.api.access import SetThresholds
from services.usage.api.periods import PeriodOut, show
from services.usage.api.shapes import PeriodId
from services.usage.domain.usage_period import USAGE_PERIOD, commands
from services.usage.domain.usage_period.thresholds import MOST, thresholds
from services.usage.metering.periods import settled_totals
from services.usage.metering.watches import PeriodKey
from shared.http.fields import DecimalText
from shared.http.routes import TransactionalRoute

router = APIRouter(prefix="/v1/periods", tags=["usage periods"], route_class=TransactionalRoute)


class ThresholdsIn(BaseModel):
    """`percents` of the quantity `of`, which is an allowance or a budget; none end the watching."""

    model_config = ConfigDict(extra="forbid")
    of: DecimalText
    percents: Annotated[list[DecimalText], Field(max_length=MOST)]


@router.put("/{period_id}/thresholds")
def put(period_id: PeriodId, body: ThresholdsIn, unit: SetThresholds) -> PeriodOut:
    """What is crossed already is told at once. Periods of the same subscription, charge and meter that open later begin
    with the thresholds of the one before."""
    watched = thresholds(body.of, body.percents)
    totals = settled_totals(unit.tx, PeriodKey(unit.tenant_id, period_id))
    command = commands.SetThresholds(thresholds=watched if watched.percents else None, totals=totals)
    unit.execute(USAGE_PERIOD, period_id, command)
    return show(period_id, unit)
