"""A subscription may be tried before its first term: rows say what was not said before"""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    for statement in (_SUBSCRIPTIONS, _PLANS, _QUOTES):
        op.execute(statement)


_SUBSCRIPTIONS = """UPDATE subscriptions SET subscription = subscription || '{"trial": null}'"""

_PLANS = """UPDATE plans SET plan = plan || '{"trial_days": 0, "trial_converts": true}'"""

_QUOTES = """
UPDATE quotes SET quote = jsonb_set(quote, '{versions}', (
  SELECT jsonb_object_agg(number, jsonb_set(version, '{lines}', COALESCE((
    SELECT jsonb_agg(line || '{"trial_days": 0, "trial_converts": true}' ORDER BY place)
    FROM jsonb_array_elements(version->'lines') WITH ORDINALITY AS lines (line, place)), '[]')))
  FROM jsonb_each(quote->'versions') AS versions (number, version)))"""
