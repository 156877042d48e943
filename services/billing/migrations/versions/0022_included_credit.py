"""Charges include credit, which may roll over from wallet to wallet: rows say which do"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    for name in ("rolled_over_minor", "received_minor"):
        op.add_column("wallets", sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))
    for statement in (_EACH, _AS_BEFORE, _PLANS, _CHANNELS, _LINES, _WALLETS):
        op.execute(statement)


# Arrays with something added to each of their objects, in their order; the functions are gone with the connection.
_EACH = """
CREATE OR REPLACE FUNCTION pg_temp.each(items jsonb, added jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT COALESCE(jsonb_agg(item || added ORDER BY place), '[]')
  FROM jsonb_array_elements(items) WITH ORDINALITY AS listed (item, place) $$"""

# Lines whose charges are for parts of a period.
_AS_BEFORE = """
CREATE OR REPLACE FUNCTION pg_temp.as_before(lines jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT COALESCE(jsonb_agg(jsonb_set(line, '{charges}', pg_temp.each(line->'charges', '{"includes": null}'))
    ORDER BY place), '[]')
  FROM jsonb_array_elements(lines) WITH ORDINALITY AS listed (line, place) $$"""

_PLANS = """
UPDATE plans SET plan = jsonb_set(plan, '{prices}', (
  SELECT jsonb_object_agg(currency, pg_temp.each(charges, '{"includes": null}'))
  FROM jsonb_each(plan->'prices') AS prices (currency, charges)))"""

_CHANNELS = """
UPDATE plans SET plan = jsonb_set(plan, '{channel_prices}', (
  SELECT jsonb_object_agg(channel, (
    SELECT jsonb_object_agg(currency, pg_temp.each(charges, '{"includes": null}'))
    FROM jsonb_each(prices) AS listed (currency, charges)))
  FROM jsonb_each(plan->'channel_prices') AS channels (channel, prices)))
WHERE plan->'channel_prices' <> '{}'"""

_LINES = """
UPDATE quotes SET quote = jsonb_set(quote, '{versions}', (
  SELECT jsonb_object_agg(number, version || jsonb_build_object(
    'lines', pg_temp.as_before(version->'lines'),
    'alternatives', COALESCE((
      SELECT jsonb_agg(jsonb_set(other, '{lines}', pg_temp.as_before(other->'lines')) ORDER BY place)
      FROM jsonb_array_elements(version->'alternatives') WITH ORDINALITY AS others (other, place)), '[]')))
  FROM jsonb_each(quote->'versions') AS versions (number, version)))"""

_WALLETS = """
UPDATE wallets SET wallet = wallet || jsonb_build_object('invoice_id', NULL, 'terms', wallet -> 'terms' ||
  '{"credit": null, "covers_from": null, "covers_to": null, "rollover": null}')"""
