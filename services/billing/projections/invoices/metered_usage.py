"""What was metered in the periods of a month, beside what documents billed of it: by meter, to the last event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from services.billing.domain.ledger.recognition import next_month
from shared.statements import run
from shared.unit_of_work import UnitOfWork

MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Metered:
    """metered = billed + pending + void + left out, unless something is off: quantities, and events. `open_periods` are not
    closed yet, and count for no more than interim invoices were made of."""

    meter: str
    periods: int
    open_periods: int
    metered: Decimal
    billed: Decimal
    pending: Decimal
    void: Decimal
    left_out: Decimal
    metered_events: int
    billed_events: int
    pending_events: int
    void_events: int
    left_out_events: int

    @property
    def difference(self) -> Decimal:
        return self.metered - self.billed - self.pending - self.void - self.left_out

    @property
    def difference_events(self) -> int:
        return self.metered_events - self.billed_events - self.pending_events - self.void_events - self.left_out_events


@dataclass(frozen=True, slots=True)
class PeriodOff:
    """A period of which documents bill something else than was metered, and nothing says why."""

    period_id: UUID
    meter: str
    invoice_id: UUID | None
    metered: Decimal
    billed: Decimal
    metered_events: int
    billed_events: int


def of_month(unit: UnitOfWork, month: date) -> tuple[list[Metered], list[PeriodOff]]:
    """Periods belong to the month of their last day."""
    where = {"tenant": unit.tenant_id, "start": month, "end": next_month(month), "most": MOST_SHOWN}
    sums = [Metered(*row) for row in run(unit.tx, _SUMS, where)]
    return sums, [PeriodOff(*row) for row in run(unit.tx, _OFF, where)]


# The totals that were told last, for all periods that end in the month. Lines carry quantities and differences of them, and
# how many events made the whole; a credit note takes its lines back, which are those of an earlier revision sometimes: what
# was corrected is known by its quantity. A note over a whole invoice gives up money, not usage.
_PERIODS = """
WITH mine AS (
  SELECT period_id, subscription_id, invoice_id, status FROM usage_periods
  WHERE tenant_id = %(tenant)s AND ends_on > %(start)s AND ends_on <= %(end)s),
meters AS (
  SELECT stream_id AS period_id, data ->> 'meter' AS meter FROM events
  WHERE tenant_id = %(tenant)s AND category = 'usage_period' AND type = 'usage_period_opened'
    AND stream_id IN (SELECT period_id FROM mine)),
told AS (
  SELECT DISTINCT ON (stream_id) stream_id AS period_id, data -> 'totals' AS totals FROM events
  WHERE tenant_id = %(tenant)s AND category = 'usage_period'
    AND type IN ('used_so_far_recorded', 'usage_period_closed', 'usage_period_revised')
    AND stream_id IN (SELECT period_id FROM mine)
  ORDER BY stream_id, version DESC),
metered AS (
  SELECT period_id, COALESCE(sum((total ->> 'quantity')::numeric), 0) AS quantity,
         COALESCE(sum((total ->> 'count')::bigint), 0) AS events
  FROM told LEFT JOIN LATERAL jsonb_array_elements(totals) AS total ON true GROUP BY period_id),
on_invoices AS (
  SELECT status, document FROM invoices
  WHERE tenant_id = %(tenant)s AND subscription_id IN (SELECT subscription_id FROM mine)
  UNION ALL
  SELECT status, document FROM invoices
  WHERE tenant_id = %(tenant)s AND invoice_id IN (
    SELECT invoice_id FROM invoice_parts
    WHERE tenant_id = %(tenant)s AND subscription_id IN (SELECT subscription_id FROM mine))),
documents AS (
  SELECT 1 AS sign, document -> 'lines' AS lines FROM on_invoices WHERE status NOT IN ('draft', 'discarded', 'voided')
  UNION ALL
  SELECT -1, note -> 'lines' FROM on_invoices CROSS JOIN jsonb_array_elements(document -> 'credit_notes') AS note),
lines AS (
  SELECT (line -> 'proof' ->> 'period_id')::uuid AS period_id, line ->> 'group' AS name,
         sign * (line ->> 'quantity')::numeric AS quantity, (line -> 'proof' ->> 'count')::bigint AS events,
         (line -> 'proof' ->> 'revision')::int AS revision
  FROM documents CROSS JOIN jsonb_array_elements(lines) AS line WHERE line -> 'proof' ->> 'period_id' IS NOT NULL),
billed AS (
  SELECT period_id, sum(quantity) AS quantity, sum(events)::bigint AS events FROM (
    SELECT period_id, name, sum(quantity) AS quantity,
           (array_agg(events ORDER BY greatest(revision, -1) DESC, revision))[1] AS events
    FROM lines WHERE period_id IN (SELECT period_id FROM mine) GROUP BY period_id, name) by_group
  GROUP BY period_id),
answered AS (
  SELECT DISTINCT ON (period_id) period_id, answer.status
  FROM open_corrections AS answer JOIN mine USING (period_id, invoice_id)
  WHERE tenant_id = %(tenant)s
  ORDER BY period_id, (correction ->> 'revision')::int DESC),
periods AS (
  SELECT mine.period_id, meters.meter, mine.invoice_id, mine.status = 'open' AS is_open,
         COALESCE(metered.quantity, 0) AS metered, COALESCE(metered.events, 0) AS metered_events,
         COALESCE(billed.quantity, 0) AS billed, carried.events AS billed_events,
         COALESCE(metered.quantity, 0) - COALESCE(billed.quantity, 0) AS rest,
         COALESCE(metered.events, 0) - carried.events AS rest_events,
         CASE WHEN mine.invoice_id IS NULL OR invoices.status IN ('draft', 'discarded') THEN 'pending'
              WHEN invoices.status = 'voided' THEN 'void'
              WHEN answered.status IN ('open', 'deferred') THEN 'pending'
              WHEN answered.status IN ('ignored', 'unchanged') THEN 'left_out' ELSE 'off' END AS why
  FROM mine JOIN meters USING (period_id) LEFT JOIN metered USING (period_id) LEFT JOIN billed USING (period_id)
  LEFT JOIN answered USING (period_id)
  CROSS JOIN LATERAL (SELECT CASE WHEN answered.status IN ('billed', 'credited') AND billed.quantity = metered.quantity
                             THEN metered.events ELSE COALESCE(billed.events, 0) END AS events) AS carried
  LEFT JOIN invoices ON invoices.tenant_id = %(tenant)s AND invoices.invoice_id = mine.invoice_id)"""

_SUMS = f"""{_PERIODS}
SELECT meter, count(*)::int, (count(*) FILTER (WHERE is_open))::int,
       COALESCE(sum(metered), 0), COALESCE(sum(billed), 0),
       COALESCE(sum(rest) FILTER (WHERE why = 'pending'), 0), COALESCE(sum(rest) FILTER (WHERE why = 'void'), 0),
       COALESCE(sum(rest) FILTER (WHERE why = 'left_out'), 0),
       COALESCE(sum(metered_events), 0)::bigint, COALESCE(sum(billed_events), 0)::bigint,
       COALESCE(sum(rest_events) FILTER (WHERE why = 'pending'), 0)::bigint,
       COALESCE(sum(rest_events) FILTER (WHERE why = 'void'), 0)::bigint,
       COALESCE(sum(rest_events) FILTER (WHERE why = 'left_out'), 0)::bigint
FROM periods GROUP BY meter ORDER BY meter"""  # noqa: S608 - our own words

_OFF = f"""{_PERIODS}
SELECT period_id, meter, invoice_id, metered, billed, metered_events::bigint, billed_events::bigint FROM periods
WHERE why = 'off' AND (rest <> 0 OR rest_events <> 0) ORDER BY meter, period_id LIMIT %(most)s"""  # noqa: S608
