"""Quotes offer alternatives and say what a discount is given for: rows say what was not said before"""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    for statement in (_EACH, _VERSIONS, _QUOTES):
        op.execute(statement)


# Arrays with something added to each of their objects, in their order; the function is gone with the connection.
_EACH = """
CREATE OR REPLACE FUNCTION pg_temp.each(items jsonb, added jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT COALESCE(jsonb_agg(item || added ORDER BY place), '[]')
  FROM jsonb_array_elements(items) WITH ORDINALITY AS listed (item, place) $$"""

_VERSIONS = """
UPDATE quotes SET quote = jsonb_set(quote, '{versions}', (
  SELECT jsonb_object_agg(number, version || jsonb_build_object(
    'alternatives', '[]'::jsonb, 'lines', pg_temp.each(version->'lines', '{"discounts": []}')))
  FROM jsonb_each(quote->'versions') AS versions (number, version)))"""

_QUOTES = """
UPDATE quotes SET quote = quote || jsonb_build_object('uplift_percent', NULL, 'acceptance',
  CASE WHEN quote->'acceptance' = 'null' THEN quote->'acceptance'
  ELSE quote->'acceptance' || '{"alternative": null}' END)"""
