"""/v1/meters: which events count, and what of them is counted."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr, model_validator

from services.usage.api.access import ChangeMeters, ReadUsage
from services.usage.api.shapes import MeterId, plain
from services.usage.domain.aggregation import Aggregation, Conversion
from services.usage.domain.clock_windows import Clock, ClockWindow, Weekday
from services.usage.domain.filters import Filter
from services.usage.domain.meter import METER, DefineMeter, MeterDefinition, ReviseMeter, meter_id
from services.usage.domain.values import text_of
from services.usage.projections import meters
from services.usage.projections.meters import MeterVersion
from shared.http.pages import Listed, PageQuery, cursor_of
from shared.http.routes import TransactionalRoute

router = APIRouter(prefix="/v1/meters", tags=["meters"], route_class=TransactionalRoute)

Slug = Annotated[str, Path(max_length=63)]
Quantity = Annotated[str, Field(pattern=r"^-?[0-9]{1,15}(\.[0-9]{1,12})?$")]
Value = StrictStr | StrictBool | StrictInt


class RangeForm(BaseModel):
    """Half-open: `from` <= value < `to`; null is no bound."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, serialize_by_alias=True)
    from_: Annotated[Quantity | None, Field(alias="from")] = None
    to: Quantity | None = None


class FilterForm(BaseModel):
    """A path and one condition. `equal` and `in` compare by text, so that 3 and "3" are equal."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, serialize_by_alias=True)
    path: str
    equal: Value | None = None
    in_: Annotated[list[Value] | None, Field(alias="in", max_length=1000)] = None
    range: RangeForm | None = None
    exists: Literal[True] | None = None

    @model_validator(mode="after")
    def _has_one_condition(self) -> FilterForm:
        if sum(condition is not None for condition in (self.equal, self.in_, self.range, self.exists)) != 1:
            raise ValueError("exactly one of equal, in, range, exists")
        return self


class ConversionForm(BaseModel):
    """Totals are divided by `divide_by` and rounded to 12 places, half away from zero."""

    model_config = ConfigDict(extra="forbid")
    unit: str
    divide_by: Quantity


class ClockWindowForm(BaseModel):
    """From `starts` to, not including, `ends`, as "22:00", on the days on which it starts; without `days` on all. One that
    ends where it starts, or before, ends on the next day."""

    model_config = ConfigDict(extra="forbid")
    name: str
    starts: str
    ends: str
    days: Annotated[list[Weekday], Field(max_length=7)] = Field(default_factory=list)


class ClockForm(BaseModel):
    """One more group, `group`: the first window that the time of an event is in by the clocks of `zone`, or `otherwise`."""

    model_config = ConfigDict(extra="forbid")
    group: str
    zone: str
    windows: Annotated[list[ClockWindowForm], Field(max_length=24)]
    otherwise: str = "other"


class MeterForm(BaseModel):
    """`value` is the JSON path of what is aggregated, `group_by` maps names to paths.

    A weighted sum is the value times the seconds for which it holds: until the next event, and into the next period.
    """

    model_config = ConfigDict(extra="forbid")
    event_type: str
    aggregation: Aggregation
    value: str | None = None
    group_by: dict[str, str] = Field(default_factory=dict)
    filters: list[FilterForm] = Field(default_factory=list)
    unit: str = ""
    conversion: ConversionForm | None = None
    clock: ClockForm | None = None


class MeterOut(MeterForm):
    meter_id: MeterId
    slug: str
    version: int


@router.put("/{slug}")
def put(slug: Slug, body: MeterForm, unit: ChangeMeters) -> MeterOut:
    """Define or change: a change makes a version, open periods stay on theirs. The same again changes nothing."""
    id_, definition = meter_id(unit.tenant_id, slug), _definition(body)
    if unit.state(METER, id_) is None:
        unit.execute(METER, id_, DefineMeter(meter_id=id_, slug=slug, definition=definition))
    else:
        unit.execute(METER, id_, ReviseMeter(definition=definition))
    return _shown(unit.tenant_id, meters.current(unit.tx, unit.tenant_id, slug))


@router.get("/{slug}")
def show(slug: Slug, unit: ReadUsage) -> MeterOut:
    return _shown(unit.tenant_id, meters.current(unit.tx, unit.tenant_id, slug))


@router.get("")
def list_meters(unit: ReadUsage, page: PageQuery) -> Listed[MeterOut]:
    found = meters.every(unit.tx, unit.tenant_id, after=page.after or "", limit=page.limit + 1)
    items = [_shown(unit.tenant_id, meter) for meter in found[: page.limit]]
    return Listed(items=items, next_cursor=cursor_of(items[-1].slug) if len(found) > page.limit else None)


def _definition(form: MeterForm) -> MeterDefinition:
    return MeterDefinition(
        event_type=form.event_type,
        aggregation=form.aggregation,
        value_path=form.value,
        group_by=form.group_by,
        filters=tuple(_filter(filter_) for filter_ in form.filters),
        unit=form.unit,
        conversion=_conversion(form.conversion),
        clock=_clock(form.clock),
    )


def _clock(form: ClockForm | None) -> Clock | None:
    if form is None:
        return None
    windows = (ClockWindow(name=w.name, starts=w.starts, ends=w.ends, days=tuple(w.days)) for w in form.windows)
    return Clock(group=form.group, zone=form.zone, windows=tuple(windows), otherwise=form.otherwise)


def _conversion(form: ConversionForm | None) -> Conversion | None:
    return None if form is None else Conversion(unit=form.unit, divide_by=Decimal(form.divide_by))


def _filter(form: FilterForm) -> Filter:
    if form.range is not None:
        low, high = (None if bound is None else Decimal(bound) for bound in (form.range.from_, form.range.to))
        return Filter(path=form.path, operator="range", at_least=low, below=high)
    if form.in_ is not None:
        return Filter(path=form.path, operator="in", values=tuple(_text(value) for value in form.in_))
    if form.equal is not None:
        return Filter(path=form.path, operator="equal", values=(_text(form.equal),))
    return Filter(path=form.path, operator="exists")


def _text(value: object) -> str:
    return text_of(value) or ""


def _shown(tenant_id: UUID, meter: MeterVersion) -> MeterOut:
    definition = meter.definition
    return MeterOut(
        meter_id=meter_id(tenant_id, meter.slug),
        slug=meter.slug,
        version=meter.version,
        event_type=definition.event_type,
        aggregation=definition.aggregation,
        value=definition.value_path,
        group_by=definition.group_by,
        filters=[_filter_form(filter_) for filter_ in definition.filters],
        unit=definition.unit,
        conversion=_conversion_form(definition.conversion),
        clock=None if definition.clock is None else ClockForm.model_validate(asdict(definition.clock)),
    )


def _conversion_form(conversion: Conversion | None) -> ConversionForm | None:
    return None if conversion is None else ConversionForm(unit=conversion.unit, divide_by=plain(conversion.divide_by))


def _filter_form(filter_: Filter) -> FilterForm:
    match filter_.operator:
        case "equal":
            return FilterForm(path=filter_.path, equal=filter_.values[0])
        case "in":
            return FilterForm(path=filter_.path, in_=list(filter_.values))
        case "range":
            low, high = (None if bound is None else plain(bound) for bound in (filter_.at_least, filter_.below))
            return FilterForm(path=filter_.path, range=RangeForm(from_=low, to=high))
        case "exists":
            return FilterForm(path=filter_.path, exists=True)
