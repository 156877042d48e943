"""/v1/periods: what was counted for a subscription, when it closed, and the events behind it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict
from sqlalchemy import RowMapping

from services.usage.api.access import OperateUsage, ReadUsage
from services.usage.api.event_shapes import CountedEventOut, counted_event_out, place_of, place_text
from services.usage.api.shapes import CustomerId, PeriodId, SubscriptionId, TotalOut, plain, totals_out
from services.usage.domain.event_key import digest_sum
from services.usage.domain.usage_period import USAGE_PERIOD
from services.usage.domain.usage_period.commands import RemeterPeriod
from services.usage.domain.usage_period.state import UsagePeriod
from services.usage.metering.periods import recount, remeter
from services.usage.metering.totals import Totals, totals_of
from services.usage.metering.watches import PeriodKey
from services.usage.processes.revising import revise
from services.usage.projections import meters, usage_periods
from services.usage.projections.period_events import events_of_period
from services.usage.tables import usage_periods as table
from shared.http.fields import Instant
from shared.http.pages import Listed, PageQuery, cursor_of, page_of
from shared.http.routes import TransactionalRoute
from shared.unit_of_work import UnitOfWork

router = APIRouter(prefix="/v1/periods", tags=["usage periods"], route_class=TransactionalRoute)


class ThresholdsOut(BaseModel):
    """`percents` of the quantity `of`; those that are `crossed` were told as reached, and not as left since."""

    of: str
    percents: list[str]
    crossed: list[str]


class PeriodOut(BaseModel):
    """`totals` run while it is open. `count` and `digest` are over all groups; `revision` counts changes after closing.
    Thresholds are of the sum over all groups."""

    period_id: PeriodId
    subscription_id: SubscriptionId
    customer_id: CustomerId
    subjects: list[str]
    charge: str
    meter: str
    meter_version: int
    group_by: list[str]
    starts_at: datetime
    ends_at: datetime
    closes_at: datetime
    status: Literal["open", "closed"]
    revision: int
    totals: list[TotalOut]
    count: int
    digest: str
    thresholds: ThresholdsOut | None


class RemeterIn(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RecountIn(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RecountOut(BaseModel):
    """`before` are the totals that were kept, `after` those that the stored events give and that are kept from now on."""

    equal: bool
    before: list[TotalOut]
    after: list[TotalOut]


@router.get("")
def list_periods(
    unit: ReadUsage,
    page: PageQuery,
    subscription_id: SubscriptionId | None = None,
    customer_id: Annotated[CustomerId | None, Query()] = None,
    status: Literal["open", "closed"] | None = None,
    meter: str | None = None,
    at: Instant | None = None,
) -> Listed[PeriodOut]:
    """With `at` the periods in which the instant lies."""
    found = usage_periods.of_tenant(
        unit.tenant_id, subscription_id=subscription_id, customer_id=customer_id, status=status, meter=meter, at=at
    )
    rows: Listed[Any] = page_of(unit, found, table.c.period_id, page, dict)
    totals = totals_of(unit.tx, [PeriodKey(unit.tenant_id, row["period_id"]) for row in rows.items])
    items = [_shown(row, totals[PeriodKey(unit.tenant_id, row["period_id"])]) for row in rows.items]
    return Listed(items=items, next_cursor=rows.next_cursor)


@router.get("/{period_id}")
def show(period_id: PeriodId, unit: ReadUsage) -> PeriodOut:
    key = PeriodKey(unit.tenant_id, period_id)
    return _shown(usage_periods.get(unit.tx, *key), totals_of(unit.tx, [key])[key])


@router.get("/{period_id}/events")
def list_events(
    period_id: PeriodId,
    unit: ReadUsage,
    page: PageQuery,
    group: Annotated[str | None, Query(max_length=500)] = None,
) -> Listed[CountedEventOut]:
    """The events that it counts, in the order of their time. A page may be short and yet have a next one."""
    key = PeriodKey(unit.tenant_id, period_id)
    after = None if page.after is None else place_of(page.after)
    found = events_of_period(unit.tx, key, group=group, after=after, limit=page.limit)
    cursor = None if found.next_place is None else cursor_of(place_text(found.next_place))
    return Listed(items=[counted_event_out(counted) for counted in found.events], next_cursor=cursor)


@router.post("/{period_id}/remeter")
def count_by_the_current_meter(period_id: PeriodId, unit: OperateUsage, body: RemeterIn | None = None) -> PeriodOut:
    """Moves an open period to the current version of its meter, and counts its stored events by it, once a filter or a
    path was wrong. Of a closed period it is refused."""
    key = PeriodKey(unit.tenant_id, period_id)
    meter = meters.current(unit.tx, unit.tenant_id, usage_periods.get(unit.tx, *key)["meter"])
    period: UsagePeriod | None = unit.state(USAGE_PERIOD, period_id)
    is_to_be_counted = period is not None and period.status == "open" and period.terms.meter_version != meter.version
    totals = remeter(unit.tx, key, meter.definition) if is_to_be_counted else ()
    unit.execute(USAGE_PERIOD, period_id, RemeterPeriod(meter_version=meter.version, totals=totals))
    return show(period_id, unit)


@router.post("/{period_id}/recount")
def count_again(period_id: PeriodId, unit: OperateUsage, body: RecountIn | None = None) -> RecountOut:
    """Count its stored events again. If the totals were others, they are corrected and the period is revised."""
    counted = recount(unit.tx, PeriodKey(unit.tenant_id, period_id))
    if counted.differs:
        _revise(unit, period_id, counted.after)
    return RecountOut(equal=not counted.differs, before=totals_out(counted.before), after=totals_out(counted.after))


def _revise(unit: UnitOfWork, period_id: UUID, after: Totals) -> None:
    unit.carry_out(revise(unit.state(USAGE_PERIOD, period_id), after, "recount"))


def _shown(row: RowMapping | dict[str, Any], totals: Totals) -> PeriodOut:
    return PeriodOut(
        **{name: row[name] for name in PeriodOut.model_fields.keys() & row.keys()},
        totals=totals_out(totals),
        count=sum(total.count for total in totals),
        digest=digest_sum(total.digest for total in totals),
        thresholds=_thresholds(row),
    )


def _thresholds(row: RowMapping | dict[str, Any]) -> ThresholdsOut | None:
    if row["threshold_of"] is None:
        return None
    percents, crossed = row["threshold_percents"], row["thresholds_crossed"]
    return ThresholdsOut(
        of=plain(row["threshold_of"]),
        percents=[plain(percent) for percent in percents],
        crossed=[plain(percent) for percent in percents if percent in crossed],
    )
