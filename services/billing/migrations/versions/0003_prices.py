"""Coupons, prices of groups, and what coupons took off lines: rows say what was not said before"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.migrations import grant

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "coupons",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("coupon_id", sa.Uuid, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("coupon", JSONB(), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "code", name=op.f("pk_coupons")),
    )
    grant("billing", by_tenant=["coupons"])
    for statement in (_CHARGES_OF, _LINES_OF, _PLANS, _QUOTES, _LINES, _CREDIT_NOTES, _CREDIT_NOTE, _BILLS):
        op.execute(statement)


# Arrays with something added to each of their objects, in their order; the functions are gone with the connection.
_CHARGES_OF = """
CREATE FUNCTION pg_temp.charges(items jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT COALESCE(jsonb_agg(item || jsonb_build_object(
    'filtered_prices', '[]'::jsonb, 'price', item->'price' || '{"credit": null}') ORDER BY place), '[]')
  FROM jsonb_array_elements(items) WITH ORDINALITY AS listed (item, place) $$"""

_LINES_OF = """
CREATE FUNCTION pg_temp.lines(items jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT COALESCE(jsonb_agg(item || '{"discounts": [], "credits": null}' ORDER BY place), '[]')
  FROM jsonb_array_elements(items) WITH ORDINALITY AS listed (item, place) $$"""

_PLANS = """
UPDATE plans SET plan = jsonb_set(plan, '{prices}', COALESCE((
  SELECT jsonb_object_agg(currency, pg_temp.charges(charges))
  FROM jsonb_each(plan->'prices') AS prices (currency, charges)), '{}'))"""

_QUOTES = """
UPDATE quotes SET quote = jsonb_set(quote, '{versions}', (
  SELECT jsonb_object_agg(number, jsonb_set(version, '{lines}', COALESCE((
    SELECT jsonb_agg(line || jsonb_build_object(
      'coupons', '[]'::jsonb, 'ramp', '[]'::jsonb,
      'charges', pg_temp.charges(line->'charges')) ORDER BY place)
    FROM jsonb_array_elements(version->'lines') WITH ORDINALITY AS lines (line, place)), '[]')))
  FROM jsonb_each(quote->'versions') AS versions (number, version)))"""

_LINES = """
UPDATE invoices SET document = jsonb_set(document, '{lines}', pg_temp.lines(document->'lines'))"""

_CREDIT_NOTES = """
UPDATE invoices SET document = jsonb_set(document, '{credit_notes}', COALESCE((
  SELECT jsonb_agg(jsonb_set(note, '{lines}', pg_temp.lines(note->'lines')) ORDER BY place)
  FROM jsonb_array_elements(document->'credit_notes') WITH ORDINALITY AS notes (note, place)), '[]'))"""

_CREDIT_NOTE = """
UPDATE invoices SET document = jsonb_set(document, '{credit_note}', document->'credit_notes'->-1)
WHERE document->'credit_note' <> 'null'"""

_BILLS = """
UPDATE waiting_bills SET bill = jsonb_set(bill, '{corrections}', COALESCE((
  SELECT jsonb_agg(jsonb_set(deferred, '{carried,lines}',
    pg_temp.lines(deferred->'carried'->'lines')) ORDER BY place)
  FROM jsonb_array_elements(bill->'corrections') WITH ORDINALITY AS corrections (deferred, place)), '[]'))"""
