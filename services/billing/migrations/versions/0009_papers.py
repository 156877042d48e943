"""Quotes have clauses and documents, terms and invoices a purchase order: rows say what was not said before"""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    for statement in (_EACH, _QUOTES, _CUSTOMERS, _SUBSCRIPTIONS, _INVOICES):
        op.execute(statement)


# Arrays with something added to each of their objects, in their order; the function is gone with the connection.
_EACH = """
CREATE OR REPLACE FUNCTION pg_temp.each(items jsonb, added jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT COALESCE(jsonb_agg(item || added ORDER BY place), '[]')
  FROM jsonb_array_elements(items) WITH ORDINALITY AS listed (item, place) $$"""

_QUOTES = """
UPDATE quotes SET quote = jsonb_set(quote, '{versions}', (
  SELECT jsonb_object_agg(number, version || '{"papers": {"clauses": [], "documents": []}}')
  FROM jsonb_each(quote->'versions') AS versions (number, version)))"""

_CUSTOMERS = """UPDATE customers SET customer = customer || '{"purchase_order_required": false}'"""

_SUBSCRIPTIONS = """
UPDATE subscriptions SET subscription =
  jsonb_set(subscription, '{terms}', pg_temp.each(subscription->'terms', '{"purchase_order": null}'))"""

_INVOICES = """UPDATE invoices SET document = document || '{"purchase_order": null}'"""
