"""The lines of invoices and credit notes that carry a usage period."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import RowMapping

from services.billing.domain.usage_period import UsagePeriodNotFound
from services.billing.tables import usage_periods as periods
from shared.unit_of_work import UnitOfWork


def lines_of(unit: UnitOfWork, period_id: UUID, group: str | None) -> Sequence[RowMapping]:
    """In the order in which their documents were issued, drafts last. Raises UsagePeriodNotFound."""
    mine = (periods.c.tenant_id == unit.tenant_id, periods.c.period_id == period_id)
    subscription_id = unit.tx.execute(
        periods.select().where(*mine).with_only_columns(periods.c.subscription_id)
    ).scalar()
    if subscription_id is None:
        raise UsagePeriodNotFound("billing never asked for this usage period", field="/period_id")
    wanted = {
        "tenant": unit.tenant_id,
        "subscription": subscription_id,
        "period": str(period_id),
        "group": group,
    }
    return list(unit.tx.exec_driver_sql(_LINES, wanted).mappings())


# The invoices of one subscription are few, and all that carries its usage is among them.
_LINES = """
WITH mine AS (
  SELECT * FROM invoices WHERE tenant_id = %(tenant)s AND invoice_id IN (
    SELECT invoice_id FROM invoices WHERE tenant_id = %(tenant)s AND subscription_id = %(subscription)s
    UNION ALL
    SELECT invoice_id FROM invoice_parts WHERE tenant_id = %(tenant)s AND subscription_id = %(subscription)s)),
documents AS (
  SELECT invoice_id, number AS document, NULL AS credit_note, status, issued_on, currency, document -> 'lines' AS lines
  FROM mine
  UNION ALL
  SELECT invoice_id, number, note ->> 'number', status, (note ->> 'issued_on')::date, currency, note -> 'lines'
  FROM mine CROSS JOIN jsonb_array_elements(document -> 'credit_notes') AS note)
SELECT invoice_id, document AS invoice, credit_note, status, issued_on, currency, line
FROM documents CROSS JOIN jsonb_array_elements(lines) AS line
WHERE status <> 'discarded' AND line -> 'proof' ->> 'period_id' = %(period)s
  AND line ->> 'group' = COALESCE(%(group)s::text, line ->> 'group')
ORDER BY issued_on NULLS LAST, document, credit_note NULLS FIRST, (line ->> 'number')::int"""
