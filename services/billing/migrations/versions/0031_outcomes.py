"""Outcomes are charged for, and payment plans say whether their instalments are"""

import sqlalchemy as sa
from alembic import op

from shared.migrations import grant

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    """Plans that were agreed before leave it to the customer, and no charge had an outcome."""
    op.add_column("autopay_attempts", sa.Column("payment_plan_id", sa.Uuid))
    op.execute("UPDATE payment_plans SET plan = jsonb_set(plan, '{agreement,autopay_retry_days}', 'null')")
    for statement in (_EACH, _AS_BEFORE, _PLANS, _CHANNELS, _LINES):
        op.execute(statement)
    _won_renewals()
    _outcome_periods()
    grant("billing", by_tenant=["won_renewals", "outcome_periods"])


def _won_renewals() -> None:
    op.create_table(
        "won_renewals",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("opportunity_id", sa.Uuid, nullable=False),
        sa.Column("subscription_id", sa.Uuid, nullable=False),
        sa.Column("customer_key", sa.Text, nullable=False),
        sa.Column("term_number", sa.Integer, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("value_minor", sa.BigInteger, nullable=False),
        sa.Column("won_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "opportunity_id", name=op.f("pk_won_renewals")),
    )
    op.create_index(op.f("ix_won_renewals_tenant_id_won_at"), "won_renewals", ["tenant_id", "won_at"])


def _outcome_periods() -> None:
    op.create_table(
        "outcome_periods",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("period_id", sa.Uuid, nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "period_id", name=op.f("pk_outcome_periods")),
    )
    op.create_index(op.f("ix_outcome_periods_tenant_id_ends_at"), "outcome_periods", ["tenant_id", "ends_at"])


# Arrays with something added to each of their objects, in their order; the functions are gone with the connection.
_EACH = """
CREATE OR REPLACE FUNCTION pg_temp.each(items jsonb, added jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT COALESCE(jsonb_agg(item || added ORDER BY place), '[]')
  FROM jsonb_array_elements(items) WITH ORDINALITY AS listed (item, place) $$"""

# Lines whose charges are for parts of a period.
_AS_BEFORE = """
CREATE OR REPLACE FUNCTION pg_temp.as_before(lines jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT COALESCE(jsonb_agg(jsonb_set(line, '{charges}', pg_temp.each(line->'charges', '{"outcome": null}'))
    ORDER BY place), '[]')
  FROM jsonb_array_elements(lines) WITH ORDINALITY AS listed (line, place) $$"""

_PLANS = """
UPDATE plans SET plan = jsonb_set(plan, '{prices}', (
  SELECT jsonb_object_agg(currency, pg_temp.each(charges, '{"outcome": null}'))
  FROM jsonb_each(plan->'prices') AS prices (currency, charges)))"""

_CHANNELS = """
UPDATE plans SET plan = jsonb_set(plan, '{channel_prices}', (
  SELECT jsonb_object_agg(channel, (
    SELECT jsonb_object_agg(currency, pg_temp.each(charges, '{"outcome": null}'))
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
