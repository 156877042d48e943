"""What stands on each account at the end of a day: what was booked by then, and what is earned of a month that goes on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import RowMapping

from shared.unit_of_work import UnitOfWork


def at(
    unit: UnitOfWork, day: date, *, currency: str | None = None, known_at: datetime | None = None
) -> Sequence[RowMapping]:
    """Debits less credits by account, revenue class and currency; as far as it was known at an instant."""
    wanted = {"tenant": unit.tenant_id, "day": day, "currency": currency, "known_at": known_at}
    return unit.tx.exec_driver_sql(_BALANCES, wanted).mappings().all()


_KNOWN = """
  AND (%(currency)s::text IS NULL OR currency = %(currency)s)
  AND (%(known_at)s::timestamptz IS NULL OR recorded_at <= %(known_at)s)"""

# Of days, cumulatively: the share of each is rounded half away from zero, as when it is recognised for good.
EARNED = """sign(total_minor) * div(2 * abs(total_minor)::numeric * ({until} - over_from) + (over_to - over_from),
                                    2 * (over_to - over_from))"""

_BALANCES = f"""
WITH going_on AS (
  SELECT revenue_class, currency,
         {EARNED.format(until="LEAST(%(day)s::date + 1, days_to)")} - {EARNED.format(until="days_from")} AS earned
  FROM recognitions
  WHERE tenant_id = %(tenant)s AND known_on <= %(day)s AND booked_on > %(day)s AND days_from <= %(day)s {_KNOWN}),
booked AS (
  SELECT account, revenue_class, currency, sum(amount_minor) AS amount FROM ledger_postings
  WHERE tenant_id = %(tenant)s AND booked_on <= %(day)s {_KNOWN} GROUP BY 1, 2, 3),
moved AS (
  SELECT * FROM booked
  UNION ALL SELECT 'deferred_revenue', revenue_class, currency, earned FROM going_on
  UNION ALL SELECT 'revenue', revenue_class, currency, -earned FROM going_on)
SELECT account, revenue_class, currency, sum(amount)::bigint AS balance_minor FROM moved
GROUP BY 1, 2, 3 ORDER BY currency, account, revenue_class"""  # noqa: S608 - our own words
