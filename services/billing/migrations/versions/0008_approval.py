"""Offers are approved by amount and margin too: rows say what was not known before"""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    for statement in (_EACH, _PRICED, _PLANS, _LINES, _APPROVALS):
        op.execute(statement)


# Arrays with something added to each of their objects, in their order; the functions are gone with the connection.
_EACH = """
CREATE OR REPLACE FUNCTION pg_temp.each(items jsonb, added jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT COALESCE(jsonb_agg(item || added ORDER BY place), '[]')
  FROM jsonb_array_elements(items) WITH ORDINALITY AS listed (item, place) $$"""

# Lines whose charges have no cost that is known.
_PRICED = """
CREATE FUNCTION pg_temp.without_costs(lines jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT COALESCE(jsonb_agg(jsonb_set(line, '{charges}', pg_temp.each(line->'charges', '{"unit_cost": null}'))
    ORDER BY place), '[]')
  FROM jsonb_array_elements(lines) WITH ORDINALITY AS listed (line, place) $$"""

_PLANS = """
UPDATE plans SET plan = jsonb_set(plan, '{prices}', (
  SELECT jsonb_object_agg(currency, pg_temp.each(charges, '{"unit_cost": null}'))
  FROM jsonb_each(plan->'prices') AS prices (currency, charges)))"""

_LINES = """
UPDATE quotes SET quote = jsonb_set(quote, '{versions}', (
  SELECT jsonb_object_agg(number, version || jsonb_build_object(
    'lines', pg_temp.without_costs(version->'lines'),
    'alternatives', COALESCE((
      SELECT jsonb_agg(jsonb_set(other, '{lines}', pg_temp.without_costs(other->'lines')) ORDER BY place)
      FROM jsonb_array_elements(version->'alternatives') WITH ORDINALITY AS others (other, place)), '[]')))
  FROM jsonb_each(quote->'versions') AS versions (number, version)))"""

_APPROVALS = """
UPDATE quotes SET quote = jsonb_set(quote, '{approval}',
  quote->'approval' || '{"discount_minor": null, "margin_percent": null, "beyond": []}')
WHERE quote->'approval' <> 'null'"""
