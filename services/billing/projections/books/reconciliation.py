"""A month's documents and payments beside what the ledger booked because of them: sums that close, and what does not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID

from services.billing.domain.ledger.posting import EntryKind
from services.billing.domain.ledger.recognition import next_month
from shared.statements import run
from shared.unit_of_work import UnitOfWork

Name = Literal["lines", "totals", "taxes", "payments", "losses", "credits"]
MOST_SHOWN = 100
OF_CREDIT: tuple[EntryKind, ...] = ("credit_grant", "drawdown", "restoration", "credit_expiry", "revocation")
OF_CUSTOMERS: tuple[EntryKind, ...] = ("payment", "application", "refund", "chargeback", *OF_CREDIT)


@dataclass(frozen=True, slots=True)
class Sum:
    """`booked_later` is the part of the ledger's that stands in a later month, because this one was closed."""

    name: Name
    currency: str
    documents: int
    ledger: int
    booked_later: int


@dataclass(frozen=True, slots=True)
class Off:
    """A document, or the payments or the credit of a customer on a day, of which the ledger says something else; these are
    named by the customer's key, and have no invoice."""

    name: Name
    currency: str
    document: str | None
    invoice_id: UUID | None
    documents: int
    ledger: int


def of_month(unit: UnitOfWork, month: date) -> tuple[list[Sum], list[Off], int]:
    """The sums, the first of what is off, and how much is off in all."""
    where = {
        "tenant": unit.tenant_id,
        "start": month,
        "end": next_month(month),
        "most": MOST_SHOWN,
        "of_customers": list(OF_CUSTOMERS),
    }
    sums = [Sum(*row) for row in run(unit.tx, _SUMS, where)]
    rows = run(unit.tx, _OFF, where).fetchall()
    return sums, list(_off(rows)), rows[0][-1] if rows else 0


def _off(rows: Sequence[Sequence[Any]]) -> Iterator[Off]:
    yield from (Off(*row[:-1]) for row in rows)


# Invoices, credit notes, what was made void or written off and what of that came in, each on its day; what customers paid
# and got back, on their day, and how their credit changed.
_DOCUMENTS = """
documents AS (
  SELECT invoice_id AS about, 'invoice' AS kind, number AS document, currency, issued_on AS day,
         subtotal_minor AS net, tax_minor AS tax, total_minor AS total, 0::bigint AS paid, 0::bigint AS lost,
         0::bigint AS credit
  FROM invoices WHERE tenant_id = %(tenant)s AND number IS NOT NULL
  UNION ALL
  SELECT invoice_id, 'credit_note', note ->> 'number', currency, (note ->> 'issued_on')::date,
         (note ->> 'tax_minor')::bigint - (note ->> 'amount_minor')::bigint, -(note ->> 'tax_minor')::bigint,
         COALESCE((note ->> 'forgiven_minor')::bigint, 0) - (note ->> 'amount_minor')::bigint, 0,
         -COALESCE((note ->> 'forgiven_minor')::bigint, 0), 0
  FROM invoices CROSS JOIN jsonb_array_elements(document -> 'credit_notes') AS note WHERE tenant_id = %(tenant)s
  UNION ALL
  SELECT i.invoice_id, 'void', number, currency, (e.occurred_at AT TIME ZONE (document -> 'party' ->> 'zone'))::date,
         -subtotal_minor, -tax_minor, -total_minor, 0, 0, 0
  FROM invoices i JOIN events e ON e.tenant_id = i.tenant_id AND e.category = 'invoice'
    AND e.stream_id = i.invoice_id AND e.type = 'invoice_voided'
  WHERE i.tenant_id = %(tenant)s AND status = 'voided'
  UNION ALL
  SELECT invoice_id, kind, number, currency, day, 0, 0, -sum(amount), 0, sum(amount), 0 FROM (
    SELECT invoice_id, number, currency, loss ->> 'kind' AS kind, (loss ->> 'on')::date AS day,
           CASE loss ->> 'kind' WHEN 'write_off' THEN 1 ELSE -1 END * (loss ->> 'amount_minor')::bigint AS amount
    FROM invoices CROSS JOIN jsonb_array_elements(document -> 'losses') AS loss
    WHERE tenant_id = %(tenant)s) changed
  GROUP BY 1, 2, 3, 4, 5
  UNION ALL
  SELECT customer_id, 'payment', customer_key, currency, day, 0, 0, 0, sum(amount_minor), 0, 0 FROM (
    SELECT customer_id, customer_key, currency, (payment ->> 'received_on')::date AS day, amount_minor
    FROM payments WHERE tenant_id = %(tenant)s AND invoice_id IS NULL
    UNION ALL
    SELECT p.customer_id, p.customer_key, p.currency,
           (p.received_at AT TIME ZONE (i.document -> 'party' ->> 'zone'))::date, p.amount_minor
    FROM payments p JOIN invoices i USING (tenant_id, invoice_id) WHERE tenant_id = %(tenant)s) received
  GROUP BY 1, 3, 4, 5
  UNION ALL
  SELECT customer_id, kind, customer_key, currency, day, 0, 0, 0, -sum(amount), 0, 0 FROM (
    SELECT p.customer_id, CASE e.type WHEN 'payment_refunded' THEN 'refund' ELSE 'chargeback' END AS kind,
           p.customer_key, p.currency, (e.data -> 'amount' ->> 'minor')::bigint AS amount,
           (COALESCE(e.data ->> 'refunded_at', e.data ->> 'charged_back_at')::timestamptz
             AT TIME ZONE (e.data -> 'facts' ->> 'zone'))::date AS day
    FROM payments p JOIN events e ON e.tenant_id = p.tenant_id AND e.category = 'payment'
      AND e.stream_id = p.payment_id AND e.type IN ('payment_refunded', 'payment_charged_back')
    WHERE p.tenant_id = %(tenant)s AND p.refunded_minor + p.charged_back_minor > 0) given_back
  GROUP BY 1, 2, 3, 4, 5
  UNION ALL
  SELECT customer_id, CASE kind WHEN 'grant' THEN 'credit_grant' WHEN 'expiry' THEN 'credit_expiry' ELSE kind END,
         customer_key, currency, moved_on, 0, 0, 0, 0, 0, sum(amount_minor)
  FROM wallet_movements
  WHERE tenant_id = %(tenant)s AND (NOT promotional OR kind IN ('drawdown', 'restoration'))
    AND kind NOT IN ('rollover', 'receipt')
  GROUP BY 1, 2, 3, 4, 5)"""

_BOOKED = """
booked AS (
  SELECT CASE WHEN kind = ANY(%(of_customers)s) THEN customer_id ELSE invoice_id END AS about, kind,
         CASE WHEN kind = ANY(%(of_customers)s) THEN customer_key ELSE document END AS document,
         currency, effective_on AS day,
         -sum(amount_minor) FILTER (WHERE account IN ('revenue', 'deferred_revenue')) AS net,
         -sum(amount_minor) FILTER (WHERE account = 'tax_payable') AS tax,
         sum(amount_minor) FILTER (WHERE account IN ('receivables', 'customer_credit')) AS total,
         sum(amount_minor) FILTER (WHERE account = 'cash') AS paid,
         sum(amount_minor) FILTER (WHERE account IN ('write_off', 'recovery')) AS lost,
         -sum(amount_minor) FILTER (WHERE account IN ('prepaid_credit', 'promotional_credit')) AS credit,
         bool_or(booked_on >= %(end)s) AS is_later
  FROM ledger_postings
  WHERE tenant_id = %(tenant)s AND kind <> 'recognition'
    AND effective_on >= %(start)s AND effective_on < %(end)s
  GROUP BY 1, 2, 3, 4, 5)"""

# Side by side; a void invoice has the number of its issue, so the kind tells them apart.
_PAIRS = f"""
WITH {_DOCUMENTS}, {_BOOKED},
pairs AS (
  SELECT s.name, currency, document, CASE WHEN kind = ANY(%(of_customers)s) THEN NULL ELSE about END AS invoice_id,
         s.documents, s.ledger, s.ledger * COALESCE(is_later, false)::int AS later
  FROM (SELECT * FROM documents WHERE day >= %(start)s AND day < %(end)s) d
  FULL JOIN booked b USING (about, kind, document, currency, day)
  CROSS JOIN LATERAL (VALUES ('lines', COALESCE(d.net, 0), COALESCE(b.net, 0)),
                             ('totals', CASE WHEN kind = ANY(%(of_customers)s) THEN 0 ELSE COALESCE(d.total, 0) END,
                                        CASE WHEN kind = ANY(%(of_customers)s) THEN 0 ELSE COALESCE(b.total, 0) END),
                             ('taxes', COALESCE(d.tax, 0), COALESCE(b.tax, 0)),
                             ('payments', COALESCE(d.paid, 0), COALESCE(b.paid, 0)),
                             ('losses', COALESCE(d.lost, 0), COALESCE(b.lost, 0)),
                             ('credits', COALESCE(d.credit, 0), COALESCE(b.credit, 0))) AS s (name, documents, ledger))"""  # noqa: S608

_SUMS = f"""{_PAIRS}
SELECT name, currency, sum(documents)::bigint, sum(ledger)::bigint, sum(later)::bigint FROM pairs
GROUP BY name, currency ORDER BY currency, name"""  # noqa: S608 - our own words

_OFF = f"""{_PAIRS}
SELECT name, currency, document, invoice_id, documents::bigint, ledger::bigint, count(*) OVER () FROM pairs
WHERE documents <> ledger ORDER BY document, name LIMIT %(most)s"""  # noqa: S608
