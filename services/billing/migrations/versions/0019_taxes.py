"""Rates are listed by place, and prices may have tax in them: rows say what was not said before. What was taxed how is left
to `operate rebuild`"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.migrations import grant

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    _tax_places()
    _taxed_amounts()
    op.add_column("products", sa.Column("tax_category", sa.Text))
    grant("billing", by_tenant=["tax_places", "taxed_amounts"])
    for statement in (_EACH, _CHARGES, _LINES_OF, _CUSTOMERS, _BILLS, _INVOICES, _CREDIT_NOTES, _CREDIT_NOTE):
        op.execute(statement)
    for statement in (_PLANS, _CHANNELS, _MINIMUMS, _QUOTES):
        op.execute(statement)


def _tax_places() -> None:
    op.create_table(
        "tax_places",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("rates", JSONB, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "place", name=op.f("pk_tax_places")),
    )


def _taxed_amounts() -> None:
    op.create_table(
        "taxed_amounts",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("entry_id", sa.Uuid, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("booked_on", sa.Date, nullable=False),
        sa.Column("treatment", sa.Text, nullable=False),
        sa.Column("tax_rate", sa.Text),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("rate", sa.Text),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("taxable_minor", sa.BigInteger, nullable=False),
        sa.Column("tax_minor", sa.BigInteger, nullable=False),
        sa.Column("customer_key", sa.Text, nullable=False),
        sa.Column("invoice_id", sa.Uuid),
        sa.Column("document", sa.Text),
        sa.PrimaryKeyConstraint("tenant_id", "entry_id", "number", name=op.f("pk_taxed_amounts")),
    )
    op.create_index(op.f("ix_taxed_amounts_tenant_id_booked_on"), "taxed_amounts", ["tenant_id", "booked_on"])


# Arrays with something added to each of their objects, in their order; the functions are gone with the connection.
_EACH = """
CREATE OR REPLACE FUNCTION pg_temp.each(items jsonb, added jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT COALESCE(jsonb_agg(item || added ORDER BY place), '[]')
  FROM jsonb_array_elements(items) WITH ORDINALITY AS listed (item, place) $$"""

# Of invoices.
_LINES_OF = """
CREATE OR REPLACE FUNCTION pg_temp.untold(lines jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT pg_temp.each(lines, '{"tax_category": null, "tax_inclusive": false, "taxes": []}') $$"""

# Of quotes.
_CHARGES = """
CREATE OR REPLACE FUNCTION pg_temp.agreed(lines jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT COALESCE(jsonb_agg(line || jsonb_build_object(
    'tax_inclusive', false,
    'charges', pg_temp.each(line->'charges', '{"tax_category": null}'),
    'minimum', CASE WHEN line->'minimum' = 'null' THEN line->'minimum' ELSE line->'minimum' || '{"tax_category": null}' END
  ) ORDER BY place), '[]')
  FROM jsonb_array_elements(lines) WITH ORDINALITY AS listed (line, place) $$"""

_CUSTOMERS = """UPDATE customers SET customer = customer || '{"tax_place": "", "vat_id": ""}'"""

_BILLS = """
UPDATE waiting_bills SET bill = bill || jsonb_build_object('taxation', NULL, 'corrections', COALESCE((
  SELECT jsonb_agg(jsonb_set(deferred, '{carried,lines}', pg_temp.untold(deferred->'carried'->'lines')) ORDER BY place)
  FROM jsonb_array_elements(bill->'corrections') WITH ORDINALITY AS corrections (deferred, place)), '[]'))"""

_INVOICES = """
UPDATE invoices SET document = jsonb_set(document, '{lines}', pg_temp.untold(document->'lines'))"""

_CREDIT_NOTES = """
UPDATE invoices SET document = jsonb_set(document, '{credit_notes}', COALESCE((
  SELECT jsonb_agg(jsonb_set(note, '{lines}', pg_temp.untold(note->'lines')) ORDER BY place)
  FROM jsonb_array_elements(document->'credit_notes') WITH ORDINALITY AS notes (note, place)), '[]'))"""

_CREDIT_NOTE = """
UPDATE invoices SET document = jsonb_set(document, '{credit_note}', document->'credit_notes'->-1)
WHERE document->'credit_note' <> 'null'"""

_PLANS = """
UPDATE plans SET plan = plan || jsonb_build_object('tax_inclusive', false, 'prices', (
  SELECT jsonb_object_agg(currency, pg_temp.each(charges, '{"tax_category": null}'))
  FROM jsonb_each(plan->'prices') AS prices (currency, charges)))"""

_CHANNELS = """
UPDATE plans SET plan = jsonb_set(plan, '{channel_prices}', (
  SELECT jsonb_object_agg(channel, (
    SELECT jsonb_object_agg(currency, pg_temp.each(charges, '{"tax_category": null}'))
    FROM jsonb_each(prices) AS listed (currency, charges)))
  FROM jsonb_each(plan->'channel_prices') AS channels (channel, prices)))
WHERE plan->'channel_prices' <> '{}'"""

_MINIMUMS = """
UPDATE plans SET plan = jsonb_set(plan, '{minimums}', (
  SELECT jsonb_object_agg(currency, minimum || '{"tax_category": null}')
  FROM jsonb_each(plan->'minimums') AS minimums (currency, minimum)))
WHERE plan->'minimums' <> '{}'"""

_QUOTES = """
UPDATE quotes SET quote = jsonb_set(quote, '{versions}', (
  SELECT jsonb_object_agg(number, version || jsonb_build_object(
    'lines', pg_temp.agreed(version->'lines'),
    'alternatives', COALESCE((
      SELECT jsonb_agg(jsonb_set(other, '{lines}', pg_temp.agreed(other->'lines')) ORDER BY place)
      FROM jsonb_array_elements(version->'alternatives') WITH ORDINALITY AS others (other, place)), '[]')))
  FROM jsonb_each(quote->'versions') AS versions (number, version)))"""
