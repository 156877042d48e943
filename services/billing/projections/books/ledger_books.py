"""What has to agree between the ledger and the documents that it follows from."""

from __future__ import annotations

from collections.abc import Mapping

# An entry has two sides that are equal in each currency.
_ENTRIES = """
SELECT count(*) FROM (SELECT 1 FROM ledger_postings GROUP BY tenant_id, entry_id, currency
                      HAVING sum(amount_minor) <> 0) AS e"""

# What the ledger has of each invoice beside what the invoice and its credit notes say; of a draft it has nothing.
_BY_INVOICE = """
SELECT count(*) FROM (
  SELECT tenant_id, invoice_id, number, status, open_minor, written_off_minor,
         subtotal_minor - n.net AS net, tax_minor - n.tax AS tax
  FROM invoices CROSS JOIN LATERAL (
    SELECT COALESCE(sum((note ->> 'tax_minor')::bigint), 0) AS tax,
           COALESCE(sum((note ->> 'amount_minor')::bigint - (note ->> 'tax_minor')::bigint), 0) AS net
    FROM jsonb_array_elements(document -> 'credit_notes') AS note) n) i
FULL JOIN (SELECT tenant_id, invoice_id, sum(amount_minor) AS booked FROM ledger_postings
           WHERE account = ANY(ARRAY{accounts}) AND invoice_id IS NOT NULL GROUP BY 1, 2) l USING (tenant_id, invoice_id)
WHERE COALESCE(l.booked, 0) <> CASE WHEN i.number IS NULL OR i.status = 'voided' THEN 0 ELSE {wanted} END"""

_CASH = """
SELECT count(*) FROM (SELECT tenant_id, currency, sum(amount_minor - refunded_minor - charged_back_minor) AS held,
                             sum(unapplied_minor) AS unapplied FROM payments GROUP BY 1, 2) p
FULL JOIN (SELECT tenant_id, currency, sum(amount_minor) FILTER (WHERE account = 'cash') AS held,
                  -sum(amount_minor) FILTER (WHERE account = 'unapplied_cash') AS unapplied
           FROM ledger_postings GROUP BY 1, 2) l USING (tenant_id, currency)
WHERE COALESCE(p.held, 0) <> COALESCE(l.held, 0) OR COALESCE(p.unapplied, 0) <> COALESCE(l.unapplied, 0)"""

# What wallets have that was paid for, and what was drawn of those that were given away.
_CREDIT = """
SELECT count(*) FROM (SELECT tenant_id, currency, sum(balance_minor) FILTER (WHERE NOT promotional) AS prepaid,
                             sum(drawn_minor) FILTER (WHERE promotional) AS promotional FROM wallets GROUP BY 1, 2) w
FULL JOIN (SELECT tenant_id, currency, -sum(amount_minor) FILTER (WHERE account = 'prepaid_credit') AS prepaid,
                  sum(amount_minor) FILTER (WHERE account = 'promotional_credit') AS promotional
           FROM ledger_postings WHERE account IN ('prepaid_credit', 'promotional_credit') GROUP BY 1, 2) l
  USING (tenant_id, currency)
WHERE COALESCE(w.prepaid, 0) <> COALESCE(l.prepaid, 0) OR COALESCE(w.promotional, 0) <> COALESCE(l.promotional, 0)"""

_WALLETS = """
SELECT count(*) FROM wallets WHERE balance_minor < 0
  OR granted_minor + received_minor
    <> balance_minor + drawn_minor + expired_minor + revoked_minor + rolled_over_minor"""

# What is earned by day is booked as what it comes to.
_RECOGNISED = """
SELECT count(*) FROM recognitions r
FULL JOIN (SELECT * FROM ledger_postings WHERE kind = 'recognition' AND account = 'revenue') l USING (tenant_id, entry_id)
WHERE COALESCE(r.amount_minor, 0) <> -COALESCE(l.amount_minor, 0) OR r.booked_on <> l.booked_on"""

# Nothing that was recorded after a month was closed is booked in it.
_CLOSED = """
SELECT count(*) FROM ledger_postings p JOIN accounting_periods c USING (tenant_id)
WHERE p.booked_on < c.open_from AND p.recorded_at > c.closed_at"""

# What is reported to be taxed has the tax that is payable, entry by entry.
_TAXED = """
SELECT count(*) FROM (SELECT tenant_id, entry_id, tax_rate, sum(tax_minor) AS tax FROM taxed_amounts
                      WHERE tax_rate IS NOT NULL GROUP BY 1, 2, 3) t
FULL JOIN (SELECT tenant_id, entry_id, tax_rate, -sum(amount_minor) AS tax FROM ledger_postings
           WHERE account = 'tax_payable' GROUP BY 1, 2, 3) l USING (tenant_id, entry_id, tax_rate)
WHERE COALESCE(t.tax, 0) <> COALESCE(l.tax, 0)"""

STATEMENTS: Mapping[str, str] = {
    "ledger_entries": _ENTRIES,
    "ledger_receivables": _BY_INVOICE.format(accounts="['receivables']", wanted="i.open_minor"),
    "ledger_losses": _BY_INVOICE.format(accounts="['write_off', 'recovery']", wanted="i.written_off_minor"),
    "ledger_revenue": _BY_INVOICE.format(accounts="['revenue', 'deferred_revenue']", wanted="-i.net"),
    "ledger_tax": _BY_INVOICE.format(accounts="['tax_payable']", wanted="-i.tax"),
    "taxed_amounts": _TAXED,
    "ledger_cash": _CASH,
    "ledger_credit": _CREDIT,
    "wallets": _WALLETS,
    "ledger_recognitions": _RECOGNISED,
    "closed_months": _CLOSED,
}
