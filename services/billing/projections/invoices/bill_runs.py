"""How far the bills of a day are: those to be made, those that wait, and what has become of the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from shared.statements import run
from shared.unit_of_work import UnitOfWork

State = Literal["due", "waiting", "parked", "held", "review", "discarded", "issued"]
MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Unissued:
    """A bill that is no issued invoice yet. `waits_for` are usage periods that are open."""

    state: State
    subscription_id: UUID
    invoice_id: UUID | None
    reason: str
    waits_for: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class BillRun:
    """`overdue` are those of the `due` ones whose instant has come."""

    counts: Counter[State]
    overdue: int
    unissued: list[Unissued]

    @property
    def status(self) -> Literal["nothing", "planned", "running", "waiting", "done"]:
        open_ = sum(self.counts[state] for state in ("due", "waiting", "parked", "held", "review"))
        if not self.counts.total():
            return "nothing"
        if not open_:
            return "done"
        if self.overdue:
            return "running"
        return "planned" if self.counts["due"] else "waiting"


def of_day(unit: UnitOfWork, day: date) -> BillRun:
    where = {"tenant": unit.tenant_id, "day": day, "text": day.isoformat(), "now": unit.now, "most": MOST_SHOWN}
    counts: Counter[State] = Counter()
    overdue = 0
    for state, count, late in run(unit.tx, _COUNTS, where):
        counts[state] += count
        overdue += late
    listed = [Unissued(*row) for row in run(unit.tx, _UNISSUED, where)]
    return BillRun(counts=counts, overdue=overdue, unissued=listed)


# A consolidated invoice counts for each bill that it is made of. A timer stands for each day on which a subscription may have
# something to pay: most, not all of them, become bills. Who moved to another zone has one of the old zone, too.
_BILLS = """
WITH bills AS (
  SELECT 'due' AS state, b.subscription_id, NULL::uuid AS invoice_id, '' AS reason, '{}'::uuid[] AS waits_for,
         max((b.fire_at <= %(now)s)::int) AS late
  FROM due_bills b JOIN subscriptions s USING (tenant_id, subscription_id)
  WHERE b.tenant_id = %(tenant)s AND b.fire_at > %(day)s::date - 2 AND b.fire_at < %(day)s::date + 3
    AND (b.fire_at AT TIME ZONE (s.subscription ->> 'zone'))::date = %(day)s
  GROUP BY b.subscription_id
  UNION ALL
  SELECT 'waiting', w.subscription_id, w.invoice_id, CASE
           WHEN w.invoice_at > %(now)s THEN 'the day of the customer is not over'
           WHEN w.customer_id IS NOT NULL THEN 'usage periods of a bill of the customer''s day are open'
           ELSE 'usage periods are open' END, ARRAY(
           SELECT p.period_id FROM (
             SELECT jsonb_path_query(w.bill, '$.usage[*]') UNION SELECT jsonb_path_query(w.bill, '$.earlier[*].usage[*]')
           ) AS items (item)
           JOIN usage_periods p ON p.tenant_id = w.tenant_id AND p.period_id = (item ->> 'period_id')::uuid
           WHERE p.status = 'open' ORDER BY p.period_id), 0
  FROM waiting_bills w WHERE w.tenant_id = %(tenant)s AND w.billing_on = %(day)s
  UNION ALL
  SELECT 'parked', m.stream_id, NULL, m.reason, '{}', 0
  FROM parked_messages m JOIN subscriptions s ON s.tenant_id = m.tenant_id AND s.subscription_id = m.stream_id
  WHERE m.tenant_id = %(tenant)s AND m.type = 'timer.bill'
    AND ((m.message::jsonb ->> 'fire_at')::timestamptz AT TIME ZONE (s.subscription ->> 'zone'))::date = %(day)s
  UNION ALL
  SELECT CASE WHEN status = 'discarded' THEN 'discarded' WHEN status <> 'draft' THEN 'issued'
              WHEN document -> 'held' IS NOT NULL THEN 'held' ELSE 'review' END,
         COALESCE(p.subscription_id, i.subscription_id), invoice_id,
         CASE WHEN document -> 'held' IS NOT NULL THEN 'above the bound for invoices' ELSE 'its days of review' END, '{}', 0
  FROM invoices i LEFT JOIN invoice_parts p USING (tenant_id, invoice_id)
  WHERE tenant_id = %(tenant)s AND document ->> 'billing_on' = %(text)s AND document ->> 'kind' = 'regular')"""

_COUNTS = f"""{_BILLS}
SELECT state, count(*)::int, sum(late)::int FROM bills GROUP BY state"""  # noqa: S608 - our own words

_UNISSUED = f"""{_BILLS}
SELECT state, subscription_id, invoice_id, reason, waits_for FROM bills WHERE state NOT IN ('issued', 'discarded')
ORDER BY state, subscription_id LIMIT %(most)s"""  # noqa: S608
