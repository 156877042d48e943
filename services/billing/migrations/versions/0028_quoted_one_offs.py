"""Quotes charge once, too: rows say that none did"""

from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    for statement in (_QUOTES, _BILLS):
        op.execute(statement)


_QUOTES = """
UPDATE quotes SET quote = jsonb_set(quote, '{versions}', (
  SELECT jsonb_object_agg(number, version || '{"one_offs": {"items": [], "net_days": null}}')
  FROM jsonb_each(quote->'versions') AS versions (number, version)))"""

_BILLS = """UPDATE waiting_bills SET bill = bill || '{"one_offs": []}'"""
