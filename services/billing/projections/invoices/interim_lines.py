"""What interim invoices that stand billed of usage periods, by revenue class."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from uuid import UUID

from services.billing.domain.contract_value import ByClass
from shared.statements import run
from shared.unit_of_work import UnitOfWork


def billed_ahead(unit: UnitOfWork, period_ids: Iterable[UUID], day: date) -> dict[UUID, ByClass]:
    """Net minor units of lines that were issued by the end of a day, less what coupons took."""
    found: dict[UUID, ByClass] = defaultdict(Counter)
    where = {"tenant": unit.tenant_id, "ids": [str(id_) for id_ in period_ids], "day": day}
    for period_id, revenue_class, minor in run(unit.tx, _BILLED, where):
        found[period_id][revenue_class] += minor
    return found


_BILLED = """
SELECT (line -> 'proof' ->> 'period_id')::uuid, line ->> 'revenue_class', (line -> 'amount' ->> 'minor')::bigint
FROM invoices i JOIN usage_periods p ON p.tenant_id = i.tenant_id AND p.subscription_id = i.subscription_id
  CROSS JOIN jsonb_array_elements(i.document -> 'lines') AS line
WHERE i.tenant_id = %(tenant)s AND p.period_id = ANY(%(ids)s::uuid[]) AND p.is_progressive
  AND i.document ->> 'kind' = 'progressive' AND i.status NOT IN ('draft', 'discarded', 'voided')
  AND i.issued_on <= %(day)s AND line -> 'proof' ->> 'period_id' = p.period_id::text"""
