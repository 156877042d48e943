"""Plans have prices for channels, and quotes name theirs: all before were sold directly"""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    for statement in (_EACH, _PLANS, _LINES, _QUOTES):
        op.execute(statement)


# Arrays with something added to each of their objects, in their order; the function is gone with the connection.
_EACH = """
CREATE OR REPLACE FUNCTION pg_temp.each(items jsonb, added jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT COALESCE(jsonb_agg(item || added ORDER BY place), '[]')
  FROM jsonb_array_elements(items) WITH ORDINALITY AS listed (item, place) $$"""

_PLANS = """UPDATE plans SET plan = plan || '{"channel_prices": {}}'"""

_LINES = """
UPDATE quotes SET quote = jsonb_set(quote, '{versions}', (
  SELECT jsonb_object_agg(number, version || jsonb_build_object(
    'lines', pg_temp.each(version->'lines', '{"channel": null}'),
    'alternatives', COALESCE((
      SELECT jsonb_agg(jsonb_set(other, '{lines}', pg_temp.each(other->'lines', '{"channel": null}')) ORDER BY place)
      FROM jsonb_array_elements(version->'alternatives') WITH ORDINALITY AS others (other, place)), '[]')))
  FROM jsonb_each(quote->'versions') AS versions (number, version)))"""

_QUOTES = """UPDATE quotes SET quote = jsonb_set(quote, '{deal}', quote->'deal' || '{"channel": null}')"""
