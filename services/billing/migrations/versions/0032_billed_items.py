"""Usage periods keep the conditions and the totals that they are priced by, bills what no meter tells; an index finds
edited invoices"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    """Bills get theirs by `operate rebuild`, or are told from the log."""
    op.add_column("usage_periods", sa.Column("term_number", sa.Integer))
    op.add_column("usage_periods", sa.Column("amendment", sa.Integer))
    op.add_column("usage_periods", sa.Column("totals", JSONB()))
    op.add_column("usage_periods", sa.Column("billed_on", sa.Date))
    op.add_column("contract_bills", sa.Column("billing_on", sa.Date))
    op.add_column("contract_bills", sa.Column("flat", JSONB()))
    op.add_column("contract_bills", sa.Column("one_offs", JSONB()))
    op.execute(_CONDITIONS)
    op.execute(_TOTALS)
    op.execute(_BILLED)
    op.execute(_EDITED)
    op.execute(_GIVEN_UP)


_CONDITIONS = """
UPDATE usage_periods AS p
SET term_number = (e.data #>> '{item,term_number}')::int, amendment = COALESCE((e.data #>> '{item,amendment}')::int, 0)
FROM events e
WHERE e.tenant_id = p.tenant_id AND e.category = 'usage_period' AND e.stream_id = p.period_id
  AND e.type = 'usage_period_opened'"""

_TOTALS = """
UPDATE usage_periods AS p SET totals = (
  SELECT COALESCE(jsonb_agg(jsonb_build_array(total -> 'group', total -> 'quantity', total -> 'count') ORDER BY place), '[]')
  FROM jsonb_array_elements(told.totals) WITH ORDINALITY AS listed (total, place))
FROM (
  SELECT DISTINCT ON (tenant_id, stream_id) tenant_id, stream_id, data -> 'totals' AS totals FROM events
  WHERE category = 'usage_period' AND type IN ('usage_period_closed', 'usage_period_revised')
  ORDER BY tenant_id, stream_id, version DESC) AS told
WHERE told.tenant_id = p.tenant_id AND told.stream_id = p.period_id"""

_BILLED = """
UPDATE usage_periods AS p SET billed_on = (i.document ->> 'billing_on')::date
FROM invoices i WHERE i.tenant_id = p.tenant_id AND i.invoice_id = p.invoice_id"""

_GIVEN_UP = """
CREATE INDEX ix_invoices_given_up ON invoices (tenant_id, invoice_id) WHERE status IN ('discarded', 'voided')"""

_EDITED = """
CREATE INDEX ix_invoices_edited ON invoices (tenant_id, subscription_id) WHERE document -> 'edits' <> '[]'"""
