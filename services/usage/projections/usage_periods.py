"""The periods that events are counted in: their terms, whether they are open, how often they were revised."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, Select, select

from services.usage.domain.usage_period.decide import PeriodNotFound
from services.usage.domain.usage_period.events import (
    UsagePeriodClosed,
    UsagePeriodOpened,
    UsagePeriodRemetered,
    UsagePeriodRevised,
    UsagePeriodShortened,
    UsageThresholdCrossed,
    UsageThresholdsSet,
)
from services.usage.domain.usage_period.state import PeriodTerms
from services.usage.domain.usage_period.thresholds import Thresholds
from services.usage.tables import usage_periods
from shared.event_store import Recorded


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    """Many periods open and close at once: each kind in one go, in the order in which they can follow each other."""
    opened = [_row(entry) for entry in recorded if isinstance(entry.event, UsagePeriodOpened)]
    remetered = [_row(entry) for entry in recorded if isinstance(entry.event, UsagePeriodRemetered)]
    shortened = [_row(entry) for entry in recorded if isinstance(entry.event, UsagePeriodShortened)]
    closed = [_key(entry) for entry in recorded if isinstance(entry.event, UsagePeriodClosed)]
    revised = [
        _key(entry) | {"revision": entry.event.revision}
        for entry in recorded
        if isinstance(entry.event, UsagePeriodRevised)
    ]
    watched = [_key(e) | _watched(e.event.thresholds) for e in recorded if isinstance(e.event, UsageThresholdsSet)]
    crossed = [
        _key(entry) | {"percent": entry.event.percent, "is_up": entry.event.direction == "up"}
        for entry in recorded
        if isinstance(entry.event, UsageThresholdCrossed)
    ]
    steps = (
        *((_OPEN, opened), (_OPEN_SUBJECTS, opened)),
        *((_REMETER, remetered), (_CLOSE_SUBJECTS, remetered), (_OPEN_SUBJECTS, remetered)),
        *((_SHORTEN, shortened), (_SHORTEN_SUBJECTS, shortened)),
        *((_CLOSE, closed), (_REVISE, revised), (_WATCH, watched), (_CROSS, crossed)),
    )
    for statement, rows in steps:
        if rows:
            tx.exec_driver_sql(statement, rows)


def _key(entry: Recorded) -> dict[str, Any]:
    return {"tenant": entry.tenant_id, "period": entry.stream_id}


def _row(entry: Recorded) -> dict[str, Any]:
    terms: PeriodTerms = entry.event.terms
    return _key(entry) | {
        "subscription": terms.subscription_id,
        "customer": terms.customer_id,
        "subjects": sorted(set(terms.subjects)),
        "charge": terms.charge,
        "meter": terms.meter,
        "meter_version": terms.meter_version,
        "group_by": list(terms.group_by),
        "starts_at": terms.starts_at,
        "ends_at": terms.ends_at,
        "closes_at": terms.closes_at,
        **_watched(getattr(entry.event, "thresholds", None)),
    }


def _watched(thresholds: Thresholds | None) -> dict[str, Any]:
    if thresholds is None:
        return {"threshold_of": None, "threshold_percents": []}
    return {"threshold_of": thresholds.of, "threshold_percents": list(thresholds.percents)}


def of_tenant(
    tenant_id: UUID,
    *,
    subscription_id: UUID | None = None,
    customer_id: UUID | None = None,
    status: str | None = None,
    meter: str | None = None,
    at: datetime | None = None,
) -> Select[Any]:
    """With `at` those in which the instant lies."""
    periods = usage_periods.c
    wanted = {
        periods.subscription_id: subscription_id,
        periods.customer_id: customer_id,
        periods.status: status,
        periods.meter: meter,
    }
    filters = [column == value for column, value in wanted.items() if value is not None]
    within = [] if at is None else [periods.starts_at <= at, at < periods.ends_at]
    return select(usage_periods).where(periods.tenant_id == tenant_id, *filters, *within)


def get(tx: Connection, tenant_id: UUID, period_id: UUID) -> RowMapping:
    """Raises PeriodNotFound."""
    row = tx.execute(of_tenant(tenant_id).where(usage_periods.c.period_id == period_id)).mappings().first()
    if row is None:
        raise PeriodNotFound("no such usage period")
    return row


_OPEN = """
INSERT INTO usage_periods (tenant_id, period_id, subscription_id, customer_id, subjects, charge, meter, meter_version,
  group_by, starts_at, ends_at, closes_at, status, revision, threshold_of, threshold_percents)
VALUES (%(tenant)s, %(period)s, %(subscription)s, %(customer)s, %(subjects)s::text[], %(charge)s, %(meter)s,
  %(meter_version)s, %(group_by)s::text[], %(starts_at)s, %(ends_at)s, %(closes_at)s, 'open', 0,
  %(threshold_of)s, %(threshold_percents)s::numeric[])"""

# A weighted sum sees all events before its end: a level from before the start holds until the next one.
_OPEN_SUBJECTS = """
INSERT INTO usage_period_subjects (tenant_id, subject, period_id, starts_at, ends_at)
SELECT %(tenant)s, subject, %(period)s, CASE WHEN m.definition ->> 'aggregation' = 'weighted_sum'
  THEN '-infinity' ELSE %(starts_at)s::timestamptz END, %(ends_at)s
FROM unnest(%(subjects)s::text[]) AS subject CROSS JOIN usage_meters AS m
WHERE m.tenant_id = %(tenant)s AND m.slug = %(meter)s AND m.version = %(meter_version)s"""

_REMETER = """
UPDATE usage_periods SET meter_version = %(meter_version)s WHERE tenant_id = %(tenant)s AND period_id = %(period)s"""

_SHORTEN = """
UPDATE usage_periods SET ends_at = %(ends_at)s, closes_at = %(closes_at)s
WHERE tenant_id = %(tenant)s AND period_id = %(period)s"""

_SHORTEN_SUBJECTS = """
UPDATE usage_period_subjects SET ends_at = %(ends_at)s WHERE tenant_id = %(tenant)s AND period_id = %(period)s"""

_CLOSE_SUBJECTS = "DELETE FROM usage_period_subjects WHERE tenant_id = %(tenant)s AND period_id = %(period)s"

_CLOSE = "UPDATE usage_periods SET status = 'closed' WHERE tenant_id = %(tenant)s AND period_id = %(period)s"
_REVISE = "UPDATE usage_periods SET revision = %(revision)s WHERE tenant_id = %(tenant)s AND period_id = %(period)s"

_WATCH = """
UPDATE usage_periods SET threshold_of = %(threshold_of)s, threshold_percents = %(threshold_percents)s::numeric[]
WHERE tenant_id = %(tenant)s AND period_id = %(period)s"""

_CROSS = """
UPDATE usage_periods SET thresholds_crossed = CASE WHEN %(is_up)s
  THEN array_append(thresholds_crossed, %(percent)s::numeric) ELSE array_remove(thresholds_crossed, %(percent)s::numeric) END
WHERE tenant_id = %(tenant)s AND period_id = %(period)s"""
