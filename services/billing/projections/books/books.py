"""What has to agree in billing: lines and totals, numbers and counters, payments and what is open, the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from sqlalchemy import Connection

from services.billing.projections.books import ledger_books
from shared.books import Check


def _count(statement: str, tx: Connection) -> int:
    counted: int = tx.exec_driver_sql(statement).scalar_one()
    return counted


# Subtotal = sum of the lines, tax = sum of the taxes by rate, total = both.
_TOTALS = """
SELECT count(*) FROM invoices i
WHERE total_minor <> subtotal_minor + tax_minor
   OR subtotal_minor <> (SELECT COALESCE(sum((line -> 'amount' ->> 'minor')::bigint), 0)
                         FROM jsonb_array_elements(i.document -> 'lines') AS line)
   OR tax_minor <> (SELECT COALESCE(sum(value::bigint), 0) FROM jsonb_each_text(i.document -> 'taxes'))"""

# Each number is there once by a unique key: as many numbers as were counted up leave no gap.
_NUMBERS = """
SELECT count(*) FROM (SELECT tenant_id, sum(last_number) AS given FROM number_counters GROUP BY tenant_id) c
FULL JOIN (SELECT tenant_id, count(number) + sum(jsonb_array_length(document -> 'credit_notes')) AS used
           FROM invoices GROUP BY tenant_id) i USING (tenant_id)
FULL JOIN (SELECT tenant_id, count(DISTINCT (receipt ->> 'legal_entity', receipt ->> 'number')) AS used
           FROM top_ups, jsonb_path_query(top_up, '$.receipts.*') AS receipt GROUP BY tenant_id) r USING (tenant_id)
WHERE COALESCE(c.given, 0) <> COALESCE(i.used, 0) + COALESCE(r.used, 0)"""

# A note with lines is its lines and taxes; nothing is credited twice, nor refunded that was not paid.
_CREDIT_NOTES = """
SELECT count(*) FROM invoices i CROSS JOIN LATERAL (
  SELECT sum((note ->> 'amount_minor')::bigint) AS credited,
         bool_or((note -> 'corrects' <> 'null' OR jsonb_array_length(note -> 'lines') > 0)
           AND (note ->> 'amount_minor')::bigint <> (note ->> 'tax_minor')::bigint
           + (SELECT COALESCE(sum((line -> 'amount' ->> 'minor')::bigint), 0)
              FROM jsonb_array_elements(note -> 'lines') AS line)) AS differs
  FROM jsonb_array_elements(i.document -> 'credit_notes') AS note) n
WHERE n.differs OR n.credited > i.total_minor"""

# Nobody paid more than they owed; what was paid, credited or written off is not open any more, and what was paid and
# credited is refundable until it was used: then the payment does not pay this invoice any more. What wallets say that they
# paid is not open either; of a void invoice they say nothing. A payment is what became of it.
_PAYMENTS = """
SELECT (SELECT count(*) FROM payments p
        WHERE p.unapplied_minor < 0 OR p.amount_minor <> p.unapplied_minor + p.refunded_minor + p.charged_back_minor
          + p.prepaid_minor
          + (SELECT COALESCE(sum(a.amount_minor), 0) FROM payment_allocations a
             WHERE a.tenant_id = p.tenant_id AND a.payment_id = p.payment_id))
     + (SELECT count(*) FROM payment_allocations WHERE amount_minor < 0 OR credit_used_minor < 0)
     + count(*)
FROM invoices i
CROSS JOIN LATERAL (SELECT COALESCE(sum(amount_minor), 0) AS paid, COALESCE(sum(credit_used_minor), 0) AS used
                    FROM payment_allocations a
                    WHERE a.tenant_id = i.tenant_id AND a.invoice_id = i.invoice_id) p
CROSS JOIN LATERAL (SELECT COALESCE(sum((note ->> 'amount_minor')::bigint), 0) AS credited,
                           COALESCE(sum((note ->> 'refundable_minor')::bigint), 0) AS refundable
                    FROM jsonb_array_elements(i.document -> 'credit_notes') AS note) n
CROSS JOIN LATERAL (SELECT COALESCE(-sum(amount_minor), 0) AS drawn FROM wallet_movements w
                    WHERE w.tenant_id = i.tenant_id AND w.invoice_id = i.invoice_id) w
WHERE w.drawn < 0 OR (i.status = 'voided' AND w.drawn <> 0)
   OR p.paid > GREATEST(i.total_minor, 0) OR p.used > n.refundable OR n.refundable - p.used > p.paid
   OR (i.status IN ('issued', 'paid', 'credited', 'written_off')
       AND i.open_minor <> i.total_minor - i.written_off_minor - p.paid - p.used - n.credited + n.refundable
                           - w.drawn)"""

CHECKS: Mapping[str, Check] = {
    "invoice_totals": partial(_count, _TOTALS),
    "invoice_numbers": partial(_count, _NUMBERS),
    "credit_notes": partial(_count, _CREDIT_NOTES),
    "payments": partial(_count, _PAYMENTS),
    **{name: partial(_count, statement) for name, statement in ledger_books.STATEMENTS.items()},
}
