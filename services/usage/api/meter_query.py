"""/v1/meters/{slug}/query: what a meter counted in any range of time, by windows and groups."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from services.usage.api.access import ReadUsage
from services.usage.api.meters import Slug
from services.usage.api.ranges import MOST_NAMES, BoundsQuery, FiltersQuery, GroupName, Subjects, cursor_at, start_of
from services.usage.api.shapes import plain
from services.usage.domain.aggregation import Aggregation
from services.usage.domain.meter_query import WindowTotals, asked, check_levels, named_groups
from services.usage.domain.windows import WindowSize
from services.usage.projections import meters
from services.usage.projections.meter_query import MeterQuestion
from services.usage.projections.rolled_hours import RolledQuestion, Source, totals_of_windows
from shared.http.pages import Listed, PageQuery
from shared.http.routes import TransactionalRoute
from shared.periods import zone

router = APIRouter(prefix="/v1/meters", tags=["meters"], route_class=TransactionalRoute)


class WindowOut(BaseModel):
    """What one group came to in one window, from `starts_at` up to, not including, `ends_at`, in the zone's time.

    `count` is how many events counted; a weighted sum's level may come from before the window.
    """

    starts_at: datetime
    ends_at: datetime
    groups: dict[str, str]
    quantity: str
    count: int


class MeterAnswer(Listed[WindowOut]):
    """In the order of the windows, then of the groups. Quantities are in `unit`. `source` is what was read: the same
    totals come of both, from hours that are rolled up in less time."""

    meter: str
    meter_version: int
    aggregation: Aggregation
    unit: str
    source: Source


@router.get("/{slug}/query")
def query(
    slug: Slug,
    unit: ReadUsage,
    page: PageQuery,
    bounds: BoundsQuery,
    filters: FiltersQuery,
    subject: Subjects = [],  # noqa: B006 - FastAPI makes a list of its own for each request
    window: WindowSize | None = None,
    group_by: Annotated[list[GroupName], Query(max_length=MOST_NAMES)] = [],  # noqa: B006
) -> MeterAnswer:
    """For events with `from` <= time < `to`, by the meter's current version. Windows are those of the zone `tz`; without
    `window` the range is one. Without `subject` all count, and `group_by=subject` tells them apart. `filter=name:value`
    takes the events of one group; repeated, of any of them. `limit` counts windows; a page may be short and yet have a
    next one. Windows without events are left out, unless a weighted sum has a level in them."""
    meter, windows = meters.current(unit.tx, unit.tenant_id, slug), bounds.windows(window)
    names = list(dict.fromkeys(group_by))
    compiled = asked(meter.definition, names, filters)
    check_levels(compiled, subject, names)
    question = RolledQuestion(MeterQuestion(unit.tenant_id, compiled, windows, subject), meter, names, filters)
    found, source = totals_of_windows(unit.tx, question, start_of(windows, page), page.limit)
    return MeterAnswer(
        items=[row for each in found.windows for row in _rows(each, names, bounds.zone)],
        next_cursor=cursor_at(found.next_start),
        meter=meter.slug,
        meter_version=meter.version,
        aggregation=meter.definition.aggregation,
        unit=meter.definition.total_unit,
        source=source,
    )


def _rows(totals: WindowTotals, names: list[str], zone_name: str) -> list[WindowOut]:
    tz = zone(zone_name)
    return [
        WindowOut(
            starts_at=totals.window.starts_at.astimezone(tz),
            ends_at=totals.window.ends_at.astimezone(tz),
            groups=named_groups(names, total.group),
            quantity=plain(total.quantity),
            count=total.count,
        )
        for total in totals.totals
    ]
