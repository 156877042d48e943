"""Subscriptions are paused and resumed: rows say what was not said before"""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    for statement in (_SUBSCRIPTIONS, _BILLS):
        op.execute(statement)


_SUBSCRIPTIONS = """UPDATE subscriptions SET subscription = subscription || '{"pauses": []}'"""

_BILLS = """
UPDATE waiting_bills SET bill = jsonb_set(bill, '{flat}', COALESCE((
  SELECT jsonb_agg(item || '{"resumption": 0}' ORDER BY place)
  FROM jsonb_array_elements(bill->'flat') WITH ORDINALITY AS items (item, place)), '[]'))"""
