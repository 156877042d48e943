"""Subscriptions are cancelled and amended during their term: rows say what was not said before"""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    for statement in (_EACH, _SUBSCRIPTIONS, _QUOTES, _LINES, _CREDIT_NOTES, _CREDIT_NOTE, _BILLS):
        op.execute(statement)


# Arrays with something added to each of their objects, in their order; the function is gone with the connection.
_EACH = """
CREATE FUNCTION pg_temp.each(items jsonb, added jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT COALESCE(jsonb_agg(item || added ORDER BY place), '[]')
  FROM jsonb_array_elements(items) WITH ORDINALITY AS listed (item, place) $$"""

_SUBSCRIPTIONS = (
    """UPDATE subscriptions SET subscription = subscription || '{"cancellation": null, "amendments": []}'"""
)

_QUOTES = """
UPDATE quotes SET quote = jsonb_set(quote, '{versions}', (
  SELECT jsonb_object_agg(number, jsonb_set(version, '{lines}', pg_temp.each(version->'lines', '{"add_ons": []}')))
  FROM jsonb_each(quote->'versions') AS versions (number, version)))"""

_LINES = """
UPDATE invoices SET document = jsonb_set(document, '{lines}', pg_temp.each(document->'lines', '{"amendment": 0}'))"""

_CREDIT_NOTES = """
UPDATE invoices SET document = jsonb_set(document, '{credit_notes}', COALESCE((
  SELECT jsonb_agg(jsonb_set(note, '{lines}', pg_temp.each(note->'lines', '{"amendment": 0}')) ORDER BY place)
  FROM jsonb_array_elements(document->'credit_notes') WITH ORDINALITY AS notes (note, place)), '[]'))"""

_CREDIT_NOTE = """
UPDATE invoices SET document = jsonb_set(document, '{credit_note}', document->'credit_notes'->-1)
WHERE document->'credit_note' <> 'null'"""

_BILLS = """
UPDATE waiting_bills SET bill = bill || jsonb_build_object(
  'flat', pg_temp.each(bill->'flat', '{"amendment": 0}'),
  'usage', pg_temp.each(bill->'usage', '{"amendment": 0}'),
  'corrections', COALESCE((
    SELECT jsonb_agg(jsonb_set(deferred, '{carried,lines}',
      pg_temp.each(deferred->'carried'->'lines', '{"amendment": 0}')) ORDER BY place)
    FROM jsonb_array_elements(bill->'corrections') WITH ORDINALITY AS corrections (deferred, place)), '[]'))"""
