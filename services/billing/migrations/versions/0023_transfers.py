"""Contracts are transferred, and terms end together on billing days that are agreed: rows say what was not said before"""

from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    for statement in (_EACH, _SUBSCRIPTIONS, _LINES):
        op.execute(statement)


_SUBSCRIPTIONS = """
UPDATE subscriptions SET subscription = subscription || '{"transfer": null, "transferred_from": null}'"""

# Arrays with something added to each of their objects, in their order; the function is gone with the connection.
_EACH = """
CREATE OR REPLACE FUNCTION pg_temp.each(items jsonb, added jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT COALESCE(jsonb_agg(item || added ORDER BY place), '[]')
  FROM jsonb_array_elements(items) WITH ORDINALITY AS listed (item, place) $$"""

_LINES = """
UPDATE quotes SET quote = jsonb_set(quote, '{versions}', (
  SELECT jsonb_object_agg(number, version || jsonb_build_object(
    'lines', pg_temp.each(version->'lines', '{"anchor": null, "ends_on": null}'),
    'alternatives', COALESCE((
      SELECT jsonb_agg(jsonb_set(
        other, '{lines}', pg_temp.each(other->'lines', '{"anchor": null, "ends_on": null}')) ORDER BY place)
      FROM jsonb_array_elements(version->'alternatives') WITH ORDINALITY AS others (other, place)), '[]')))
  FROM jsonb_each(quote->'versions') AS versions (number, version)))"""
