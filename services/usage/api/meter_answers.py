"""/v1/meters/{slug}/adoption, top, trend and concurrency: for health scores, right-sizing and customers' usage pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel

from services.usage.api.access import ReadUsage
from services.usage.api.meters import Slug
from services.usage.api.ranges import BoundsQuery, FiltersQuery, GroupName, Subjects, cursor_at, start_of
from services.usage.api.shapes import plain
from services.usage.domain.concurrency import check_is_of_levels
from services.usage.domain.meter import MeterDefinition
from services.usage.domain.meter_query import SUBJECT, asked, check_levels
from services.usage.domain.trend import check_adds_up, spans, trend
from services.usage.domain.windows import Windows
from services.usage.projections import meter_answers, meters
from services.usage.projections.meter_query import MeterQuestion
from shared.http.fields import Instant
from shared.http.pages import Listed, PageQuery
from shared.http.routes import TransactionalRoute
from shared.periods import zone
from shared.unit_of_work import UnitOfWork

router = APIRouter(prefix="/v1/meters", tags=["meters"], route_class=TransactionalRoute)


class AdoptionOut(BaseModel):
    """`active` subjects are those of which the meter counts an event in the window: `new` ones had none before it."""

    starts_at: datetime
    ends_at: datetime
    active: int
    new: int
    returning: int


class TopOut(BaseModel):
    name: str
    quantity: str
    count: int


class TopAnswer(BaseModel):
    """The greatest quantities first, of equal ones in the order of their names. They are in `unit`."""

    items: list[TopOut]
    by: str
    unit: str


class TrendOut(BaseModel):
    """Quantities per day, in `unit`: of the 30 days of 24 hours up to `at`, and of the 90 before them. `ratio` is the
    former by the latter, null where nothing was before."""

    at: datetime
    recent_per_day: str
    before_per_day: str
    ratio: str | None
    unit: str


class ConcurrencyOut(BaseModel):
    """The greatest sum of the levels of all subjects and groups, and when it was reached first; null without any."""

    peak: str | None
    reached_at: datetime | None
    unit: str


@router.get("/{slug}/adoption")
def adoption(
    slug: Slug,
    unit: ReadUsage,
    page: PageQuery,
    bounds: BoundsQuery,
    filters: FiltersQuery,
    window: Literal["day", "month"] = "month",
) -> Listed[AdoptionOut]:
    """How many subjects used it, by days or months of the zone `tz`. Windows without any are left out."""
    windows, tz = bounds.windows(window), zone(bounds.zone)
    question = _question(unit, _definition(unit, slug), windows, [SUBJECT], filters)
    found = meter_answers.adoption(unit.tx, question, start_of(windows, page), page.limit)
    items = [
        AdoptionOut(
            starts_at=each.window.starts_at.astimezone(tz),
            ends_at=each.window.ends_at.astimezone(tz),
            active=each.active,
            new=each.new,
            returning=each.active - each.new,
        )
        for each in found.windows
    ]
    return Listed(items=items, next_cursor=cursor_at(found.next_start))


@router.get("/{slug}/top")
def top(
    slug: Slug,
    unit: ReadUsage,
    bounds: BoundsQuery,
    filters: FiltersQuery,
    subject: Subjects = [],  # noqa: B006 - FastAPI makes a list of its own for each request
    by: GroupName = SUBJECT,
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
) -> TopAnswer:
    """Who used most of it: which subjects, or which values of a group."""
    definition = _definition(unit, slug)
    question = _question(unit, definition, bounds.windows(), [by], filters, subject, field="/by")
    totals = meter_answers.top(unit.tx, question, limit)
    items = [TopOut(name=each.group, quantity=plain(each.quantity), count=each.count) for each in totals]
    return TopAnswer(items=items, by=by, unit=definition.total_unit)


@router.get("/{slug}/trend")
def tell_trend(
    slug: Slug,
    unit: ReadUsage,
    filters: FiltersQuery,
    subject: Subjects = [],  # noqa: B006
    at: Instant | None = None,
) -> TrendOut:
    """Whether it is used more or less than before, up to `at` or now; of meters whose totals add up."""
    definition, until = _definition(unit, slug), at or unit.now
    check_adds_up(definition)
    groups = [SUBJECT, *definition.group_by]
    recent, before = (
        meter_answers.quantity(unit.tx, _question(unit, definition, span, groups, filters, subject))
        for span in spans(until)
    )
    told = trend(recent, before)
    return TrendOut(
        at=until,
        recent_per_day=plain(told.recent_per_day),
        before_per_day=plain(told.before_per_day),
        ratio=None if told.ratio is None else plain(told.ratio),
        unit=definition.total_unit,
    )


@router.get("/{slug}/concurrency")
def concurrency(
    slug: Slug,
    unit: ReadUsage,
    bounds: BoundsQuery,
    filters: FiltersQuery,
    subject: Subjects = [],  # noqa: B006
) -> ConcurrencyOut:
    """How much of it was held at once, at most; of meters whose values hold until the next one."""
    definition, windows = _definition(unit, slug), bounds.windows()
    check_is_of_levels(definition)
    groups = [SUBJECT, *definition.group_by]
    peak = meter_answers.concurrency(unit.tx, _question(unit, definition, windows, groups, filters, subject))
    return ConcurrencyOut(
        peak=None if peak is None else plain(peak.quantity),
        reached_at=None if peak is None else peak.reached_at.astimezone(zone(bounds.zone)),
        unit=definition.unit if definition.aggregation == "weighted_sum" else definition.total_unit,
    )


def _definition(unit: UnitOfWork, slug: str) -> MeterDefinition:
    return meters.current(unit.tx, unit.tenant_id, slug).definition


def _question(
    unit: UnitOfWork,
    definition: MeterDefinition,
    windows: Windows,
    group_by: Sequence[str],
    filters: dict[str, list[str]],
    subjects: Sequence[str] = (),
    *,
    field: str = "/group_by",
) -> MeterQuestion:
    meter = asked(definition, group_by, filters, field=field)
    check_levels(meter, subjects, group_by, field=field)
    return MeterQuestion(unit.tenant_id, meter, windows, subjects)
