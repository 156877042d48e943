"""Terms may renew by themselves: rows say what was not said before"""

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    for statement in (_POLICIES, _SUBSCRIPTIONS, _QUOTES):
        op.execute(statement)


_POLICIES = """UPDATE renewal_policies SET terms = terms || '{"auto": null}'"""

_SUBSCRIPTIONS = """
UPDATE subscriptions SET subscription = jsonb_set(subscription, '{terms}', (
  SELECT jsonb_agg(jsonb_set(term, '{renewal,auto}', 'null') ORDER BY place)
  FROM jsonb_array_elements(subscription->'terms') WITH ORDINALITY AS terms (term, place)))"""

_QUOTES = """
UPDATE quotes SET quote = jsonb_set(quote, '{versions}', (
  SELECT jsonb_object_agg(number, jsonb_set(version, '{lines}', COALESCE((
    SELECT jsonb_agg(jsonb_set(line, '{renewal,auto}', 'null') ORDER BY place)
    FROM jsonb_array_elements(version->'lines') WITH ORDINALITY AS lines (line, place)), '[]')))
  FROM jsonb_each(quote->'versions') AS versions (number, version)))"""
