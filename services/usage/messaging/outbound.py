"""Which domain events the rest of the company hears about, and in which words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from services.usage.domain.meter import MeterDefined, MeterDefinition, MeterRevised
from services.usage.domain.usage_period.events import (
    InParts,
    UsagePeriodAdvanced,
    UsagePeriodClosed,
    UsagePeriodPartTold,
    UsagePeriodRemetered,
    UsagePeriodRevised,
    UsagePeriodShortened,
    UsageThresholdCrossed,
)
from services.usage.domain.usage_period.state import EventName, PeriodTerms, Totals
from shared.contracts import usage as contracts
from shared.messages import Contract

TOPICS = {"meter": "usage.meters", "usage_period": "usage.periods"}
WHOLE = InParts(parts=1, totals=0, events=0)


def to_contract(event: Any) -> Contract | None:
    match event:
        case MeterDefined(meter_id=meter_id, slug=slug, definition=definition):
            return _meter_defined(meter_id, slug, 1, definition)
        case MeterRevised(meter_id=meter_id, slug=slug, version=version, definition=definition):
            return _meter_defined(meter_id, slug, version, definition)
        case UsagePeriodAdvanced() | UsagePeriodRemetered() | UsagePeriodShortened():
            told = event.in_parts or WHOLE
            return contracts.UsagePeriodAdvancedV1(
                **_period(event.terms, event.totals[told.totals :]), parts=told.parts
            )
        case UsagePeriodPartTold():
            return _part_told(event)
        case UsagePeriodClosed():
            return _period_closed(event)
        case UsagePeriodRevised():
            return _period_revised(event)
        case UsageThresholdCrossed():
            return _threshold_crossed(event)
        case _:
            return None


def _meter_defined(meter_id: UUID, slug: str, version: int, definition: MeterDefinition) -> contracts.MeterDefinedV1:
    return contracts.MeterDefinedV1(
        meter_id=meter_id,
        slug=slug,
        version=version,
        aggregation=definition.aggregation,
        unit=definition.total_unit,
        groups=sorted(definition.groups),
    )


def _part_told(event: UsagePeriodPartTold) -> contracts.UsagePeriodPartV1:
    return contracts.UsagePeriodPartV1(
        **_period(event.terms, event.totals),
        of=event.of,
        part=event.part,
        parts=event.parts,
        event_ids=_ids(event.events),
    )


def _period_closed(event: UsagePeriodClosed) -> contracts.UsagePeriodClosedV1:
    told = event.in_parts or WHOLE
    return contracts.UsagePeriodClosedV1(
        **_period(event.terms, event.totals[told.totals :]),
        starts_at=event.terms.starts_at,
        ends_at=event.terms.ends_at,
        learned_at=event.learned_at,
        parts=told.parts,
    )


def _period_revised(event: UsagePeriodRevised) -> contracts.UsagePeriodRevisedV1:
    told = event.in_parts or WHOLE
    return contracts.UsagePeriodRevisedV1(
        **_period(event.terms, event.after[told.totals :]),
        revision=event.revision,
        before=[] if event.in_parts else _totals(event.before),
        cause=event.cause,
        event_ids=_ids(event.events[told.events :]),
        parts=told.parts,
    )


def _threshold_crossed(event: UsageThresholdCrossed) -> contracts.UsageThresholdCrossedV1:
    terms = event.terms
    return contracts.UsageThresholdCrossedV1(
        period_id=terms.period_id,
        subscription_id=terms.subscription_id,
        customer_id=terms.customer_id,
        subjects=list(terms.subjects),
        charge=terms.charge,
        meter=terms.meter,
        starts_at=terms.starts_at,
        ends_at=terms.ends_at,
        of=event.of,
        percent=event.percent,
        direction=event.direction,
        quantity=event.quantity,
    )


def _period(terms: PeriodTerms, totals: Totals) -> dict[str, Any]:
    return {
        "period_id": terms.period_id,
        "subscription_id": terms.subscription_id,
        "charge": terms.charge,
        "meter": terms.meter,
        "meter_version": terms.meter_version,
        "totals": _totals(totals),
    }


def _ids(names: Iterable[EventName]) -> list[str]:
    return [f"{name.source}#{name.id}" for name in names]


def _totals(totals: Totals) -> list[contracts.GroupTotal]:
    return [contracts.GroupTotal(group=t.group, quantity=t.quantity, count=t.count, digest=t.digest) for t in totals]
