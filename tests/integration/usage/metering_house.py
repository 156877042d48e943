"""Words for tests of metering: meters, periods and events of one tenant, on a real database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4, uuid5

import msgspec
from sqlalchemy import Connection, Engine

from services.usage.domain.aggregation import Aggregation, Conversion
from services.usage.domain.amendment import CORRECTED, RETRACTED, amendment_of, is_amendment
from services.usage.domain.cloud_event import Arrivals, CloudEvent, Rejected
from services.usage.domain.event_key import as_number, event_key
from services.usage.domain.measure import compile_meter
from services.usage.domain.meter import MeterDefined, MeterDefinition
from services.usage.domain.tally import GroupTotal, fold
from services.usage.domain.usage_period.events import UsagePeriodClosed, UsagePeriodOpened
from services.usage.domain.usage_period.state import PeriodTerms
from services.usage.domain.values import decode_exactly
from services.usage.metering.apply import Metered, meter
from services.usage.metering.periods import closing_totals, open_period
from services.usage.metering.totals import totals_of
from services.usage.metering.watches import PeriodKey
from services.usage.projections import meters, usage_periods
from services.usage.projections.completeness import Completeness, completeness
from shared.causes import Cause
from shared.event_store import Recorded, StreamKey

START = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2026, 2, 1, tzinfo=UTC)

TRIPS = MeterDefinition(event_type="trip.ended", aggregation="count", group_by={"origin": "$.origin"})
MILES = MeterDefinition(event_type="trip.ended", aggregation="sum", value_path="$.miles")
CARS = MeterDefinition(event_type="trip.ended", aggregation="unique_count", value_path="$.car")
METERS = {"trips": (TRIPS, ("origin",)), "miles": (MILES, ()), "cars": (CARS, ())}
SECONDS_TO_HOURS = Conversion(unit="mile hours", divide_by=Decimal(3600))
OF_MILES: dict[Aggregation, Conversion | None] = {
    "min": None,
    "max": None,
    "avg": None,
    "latest": None,
    "weighted_sum": SECONDS_TO_HOURS,
}
for aggregation, conversion in OF_MILES.items():
    of_miles = replace(MILES, aggregation=aggregation, group_by={"origin": "$.origin"}, conversion=conversion)
    METERS[aggregation] = (of_miles, ("origin",))

TERMS = PeriodTerms(
    period_id=UUID(int=3),
    subscription_id=UUID(int=1),
    customer_id=UUID(int=2),
    subjects=("acme", "sub-1"),
    charge="",
    meter="",
    meter_version=1,
    group_by=(),
    starts_at=START,
    ends_at=END,
    collect_seconds=0,
)


def event(
    id_: str = "1", *, at: datetime = START, subject: str = "acme", type_: str = "trip.ended", **data: Any
) -> CloudEvent:
    return CloudEvent(id_, "/cars", type_, subject, at, msgspec.Raw(msgspec.json.encode(data)))


def retracted(id_: str, of: str, *, at: datetime = START, subject: str = "acme") -> CloudEvent:
    about = {"source": "/cars", "id": of, "reason": "sent by mistake"}
    return event(id_, at=at, subject=subject, type_=RETRACTED, **about)


def corrected(id_: str, of: str, data: dict[str, Any], *, at: datetime = START, subject: str = "acme") -> CloudEvent:
    about = {"source": "/cars", "id": of, "reason": "read wrongly", "data": data}
    return event(id_, at=at, subject=subject, type_=CORRECTED, **about)


def last_words(amendments: Iterable[CloudEvent]) -> dict[tuple[str, str, str], msgspec.Raw | None]:
    """What was said last about the event of a name and a subject, in the order of arrival."""
    said = [(each.subject, amendment_of(each.type, bytes(each.data))) for each in amendments]
    return {(about.source, about.id, subject): about.data for subject, about in said}


@dataclass(frozen=True)
class House:
    engine: Engine
    tenant_id: UUID
    meters: Mapping[str, tuple[MeterDefinition, tuple[str, ...]]] = field(default_factory=lambda: METERS)

    def define_meters(self) -> None:
        for slug in self.meters:
            self.define_meter(slug)

    def define_meter(self, slug: str) -> None:
        defined = MeterDefined(meter_id=uuid4(), slug=slug, definition=self.meters[slug][0])
        with self.engine.begin() as tx:
            meters.project(tx, [self._recorded(uuid4(), defined)])

    def key(self, slug: str, starts_at: datetime = START) -> PeriodKey:
        return PeriodKey(self.tenant_id, uuid5(self.tenant_id, f"{slug} {starts_at}"))

    def open(self, slug: str, **terms: Any) -> tuple[GroupTotal, ...]:
        with self.engine.begin() as tx:
            return self.open_in(tx, slug, **terms)

    def open_in(self, tx: Connection, slug: str, **terms: Any) -> tuple[GroupTotal, ...]:
        definition, group_by = self.meters[slug]
        wanted = replace(TERMS, charge=slug, meter=slug, group_by=group_by, **terms)
        key = self.key(slug, wanted.starts_at)
        totals = open_period(tx, key, wanted, definition)
        usage_periods.project(tx, [self._recorded(key.period_id, UsagePeriodOpened(terms=wanted, totals=totals))])
        return totals

    def close(self, slug: str) -> tuple[GroupTotal, ...]:
        key = self.key(slug)
        with self.engine.begin() as tx:
            totals = closing_totals(tx, self.tenant_id, [key])[key]
            closed = UsagePeriodClosed(terms=TERMS, totals=totals, watermark={}, learned_at=END)
            usage_periods.project(tx, [self._recorded(key.period_id, closed)])
        return totals

    def arrivals(self, events: Iterable[CloudEvent], rejected: Sequence[Rejected] = ()) -> Arrivals:
        return Arrivals(
            tenant_id=self.tenant_id, batch_id=uuid4(), received_at=END, events=list(events), rejected=list(rejected)
        )

    def meter(self, *events: CloudEvent, rejected: Sequence[Rejected] = ()) -> Metered:
        with self.engine.begin() as tx:
            return meter(tx, [self.arrivals(events, rejected)])

    def totals(self, slug: str, starts_at: datetime = START) -> tuple[GroupTotal, ...]:
        key = self.key(slug, starts_at)
        with self.engine.begin() as tx:
            return totals_of(tx, [key])[key]

    def quantities(self, slug: str) -> dict[str, int]:
        return {total.group: int(total.quantity) for total in self.totals(slug)}

    def hours(self, starts_at: datetime) -> dict[str, int]:
        return {total.group: int(total.quantity) for total in self.totals("weighted_sum", starts_at)}

    def fold(self, slug: str, events: Iterable[CloudEvent]) -> tuple[GroupTotal, ...]:
        """What a plain reading of the rules makes of events: the model to agree with."""
        definition, group_by = self.meters[slug]
        return fold(compile_meter(definition, group_by), START, END, self.counted(slug, events))

    def counted(self, slug: str, events: Iterable[CloudEvent]) -> list[tuple[int, datetime, Any]]:
        """Key, time and data of the events that a meter counts: the first of each name, as it was amended."""
        firsts: dict[tuple[str, str], CloudEvent] = {}
        for event in events:
            firsts.setdefault((event.source, event.id), event)
        definition, _ = self.meters[slug]
        said = last_words(event for event in firsts.values() if is_amendment(event.type))
        return [
            (as_number(event_key(self.tenant_id, e.source, e.id)), e.time, decode_exactly(data))
            for e in firsts.values()
            if e.type == definition.event_type
            and e.subject in TERMS.subjects
            and (data := said.get((e.source, e.id, e.subject), e.data)) is not None
        ]

    def completeness(self, starts_at: datetime = START - timedelta(days=365), pending: int = 0) -> Completeness:
        with self.engine.begin() as tx:
            return completeness(tx, self.tenant_id, starts_at, END + timedelta(days=365), pending=pending)

    def _recorded(self, stream_id: UUID, event: object) -> Recorded:
        return Recorded(
            event, StreamKey(self.tenant_id, "any", stream_id), 1, None, Cause(self.tenant_id, END, END, {})
        )
