"""/v1/revenue: from what was agreed to what is earned, month by month."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from services.billing.api.access import ReadBilling
from services.billing.api.amounts import PlainDecimal
from services.billing.api.books.ledger_forms import MONTH, month_of
from services.billing.domain.plan import RevenueClass
from services.billing.domain.recurring import EndBeforeStart, Move, monthly
from services.billing.domain.tenant_settings import TENANT_SETTINGS
from services.billing.projections.books import revenue, unbilled_revenue
from services.billing.projections.books.revenue import Movement
from services.billing.projections.books.unbilled_revenue import Sums
from services.billing.projections.subscriptions import recurring
from services.billing.projections.subscriptions.recurring import Recurring
from shared.http.fields import Day
from shared.http.routes import TransactionalRoute
from shared.periods import Days

router = APIRouter(prefix="/v1/revenue", tags=["revenue"], route_class=TransactionalRoute)


class MovementOut(BaseModel):
    """`booked` is what terms and changes agreed in the month are worth, and `forecast` what is left of all terms to be
    invoiced after it: flat charges both, and what quotes charge once. A quote without lines is booked when it is accepted,
    and invoiced at once. `billed` is net of documents booked in the month, `recognised` what was earned, `deferred_before`
    and `deferred` what was billed and not earned: before + billed - recognised = deferred."""

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


class RecurringOut(BaseModel):
    """Flat charges of the contracts that run, of a year (`arr`) and a twelfth of that (`mrr`), at the end of the day before
    the first one and of the last one, and what moved the year's; who is `paused` is not lost. `growth` is
    (after - before) / before, 4 places; none where there was nothing before."""

    currency: str
    subscriptions: int
    arr_before_minor: int
    arr_minor: int
    mrr_before_minor: int
    mrr_minor: int
    new_minor: int
    expansion_minor: int
    contraction_minor: int
    churn_minor: int
    paused_minor: int
    resumed_minor: int
    growth: PlainDecimal | None


class RecurringRevenue(BaseModel):
    """`end` is the last day."""

    start: date
    end: date
    currencies: list[RecurringOut]


@router.get("/recurring")
def show_recurring(
    unit: ReadBilling, start: Annotated[Day, Query(alias="from")], end: Annotated[Day, Query(alias="to")]
) -> RecurringRevenue:
    """From the first day to the last one, both included; each contract as it was known at the end of the day."""
    if end < start:
        raise EndBeforeStart("the last day is before the first one", field="/to")
    zone = unit.state(TENANT_SETTINGS, unit.tenant_id).zone
    found = recurring.over(unit, Days(start, end + timedelta(days=1)), zone)
    return RecurringRevenue(start=start, end=end, currencies=[_recurring(*item) for item in found.items()])


def _recurring(currency: str, found: Recurring) -> RecurringOut:
    moves: tuple[Move, ...] = ("new", "expansion", "contraction", "churn", "paused", "resumed")
    grown = Decimal(found.after - found.before)
    return RecurringOut(
        currency=currency,
        subscriptions=found.subscriptions,
        arr_before_minor=found.before,
        arr_minor=found.after,
        mrr_before_minor=monthly(found.before),
        mrr_minor=monthly(found.after),
        **{f"{name}_minor": found.moves[name] for name in moves},
        growth=(grown / found.before).quantize(Decimal("0.0001"), ROUND_HALF_UP) if found.before else None,
    )


class UnbilledOut(BaseModel):
    """`flat_minor` is earned by the days that have passed, `usage_minor` is what closed periods come to at the agreed prices
    and their minimums, `running_usage_minor` what open ones come to so far without them, `fees_minor` what was assessed; net
    of coupons, before tax."""

    currency: str
    revenue_class: RevenueClass
    flat_minor: int
    usage_minor: int
    running_usage_minor: int
    fees_minor: int
    unbilled_minor: int


class UnbilledRevenue(BaseModel):
    """Usage has told a running total of `told_usage_periods` of the `open_usage_periods` by the end of the day: the oldest that
    is counted here at `told_from`, the latest at `told_to`. What was used after a period's last total is not in it; of
    those that nothing was told of nothing was metered by then. Of a period that is billed, two months later, the last total
    of each month is left: a day within a month has what was told by the end of the month before."""

    at: date
    classes: list[UnbilledOut]
    open_usage_periods: int
    told_usage_periods: int
    told_from: datetime | None
    told_to: datetime | None


@router.get("/unbilled")
def show_unbilled(unit: ReadBilling, at: Day) -> UnbilledRevenue:
    """Earned by the end of the day, and on no invoice that was issued by then; drafts are unbilled."""
    zone = unit.state(TENANT_SETTINGS, unit.tenant_id).zone
    found = unbilled_revenue.at_end_of(unit, at, zone)
    told = [total.told_at for total in found.told.values()]
    return UnbilledRevenue(
        at=at,
        classes=[_unbilled(*key, sums) for key, sums in found.sums.items()],
        open_usage_periods=found.open_periods,
        told_usage_periods=len(told),
        told_from=min(told, default=None),
        told_to=max(told, default=None),
    )


def _unbilled(currency: str, revenue_class: RevenueClass, sums: Sums) -> UnbilledOut:
    return UnbilledOut(
        currency=currency,
        revenue_class=revenue_class,
        flat_minor=sums.flat,
        usage_minor=sums.usage,
        running_usage_minor=sums.running,
        fees_minor=sums.fees,
        unbilled_minor=sums.flat + sums.usage + sums.running + sums.fees,
    )


@router.get("/mapping")
def show_mapping(unit: ReadBilling, period: Annotated[str, Query(pattern=MONTH)]) -> RevenueMapping:
    """Of a month, as it is known now; of one that is not over, as it will be if nothing else happens."""
    zone = unit.state(TENANT_SETTINGS, unit.tenant_id).zone
    found = revenue.mapping(unit, month_of(period), zone)
    return RevenueMapping(period=period, classes=[_shown(*key, movement) for key, movement in found.items()])


def _shown(currency: str, revenue_class: RevenueClass, movement: Movement) -> MovementOut:
    amounts = {f"{name}_minor": amount for name, amount in asdict(movement).items()}
    return MovementOut(currency=currency, revenue_class=revenue_class, **amounts)
