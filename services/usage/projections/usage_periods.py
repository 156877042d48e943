"""The periods that events are counted in: their terms, whether they are open, how often they were revised."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, RowMapping

from services.usage.domain.usage_period.decide import PeriodNotFound
from services.usage.domain.usage_period.events import UsagePeriodClosed, UsagePeriodOpened, UsagePeriodRevised
from services.usage.domain.usage_period.state import PeriodTerms
from shared.event_store import Recorded


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    for entry in recorded:
        this = {"tenant": entry.tenant_id, "period": entry.stream_id}
        match entry.event:
            case UsagePeriodOpened(terms=terms):
                _open(tx, this, terms)
            case UsagePeriodClosed():
                tx.exec_driver_sql(_CLOSE, this)
            case UsagePeriodRevised(revision=revision):
                tx.exec_driver_sql(_REVISE, {**this, "revision": revision})


def _open(tx: Connection, this: dict[str, UUID], terms: PeriodTerms) -> None:
    row = {
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
    }
    tx.exec_driver_sql(_OPEN, {**this, **row})
    tx.exec_driver_sql(_OPEN_SUBJECTS, {**this, **row})


def get(tx: Connection, tenant_id: UUID, period_id: UUID) -> RowMapping:
    """Raises PeriodNotFound."""
    row = tx.exec_driver_sql(_GET, {"tenant": tenant_id, "period": period_id}).mappings().first()
    if row is None:
        raise PeriodNotFound("no such usage period")
    return row


_OPEN = """
INSERT INTO usage_periods (tenant_id, period_id, subscription_id, customer_id, subjects, charge, meter, meter_version,
  group_by, starts_at, ends_at, closes_at, status, revision)
VALUES (%(tenant)s, %(period)s, %(subscription)s, %(customer)s, %(subjects)s::text[], %(charge)s, %(meter)s,
  %(meter_version)s, %(group_by)s::text[], %(starts_at)s, %(ends_at)s, %(closes_at)s, 'open', 0)"""

_OPEN_SUBJECTS = """
INSERT INTO usage_period_subjects (tenant_id, subject, period_id, starts_at, ends_at)
SELECT %(tenant)s, subject, %(period)s, %(starts_at)s, %(ends_at)s FROM unnest(%(subjects)s::text[]) AS subject"""

_CLOSE = "UPDATE usage_periods SET status = 'closed' WHERE tenant_id = %(tenant)s AND period_id = %(period)s"
_REVISE = "UPDATE usage_periods SET revision = %(revision)s WHERE tenant_id = %(tenant)s AND period_id = %(period)s"
_GET = "SELECT * FROM usage_periods WHERE tenant_id = %(tenant)s AND period_id = %(period)s"
