"""People change lines of drafts: rows say what was not said before"""

from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    for statement in (_EACH, _LINES, _CREDIT_NOTES, _CREDIT_NOTE, _BILLS):
        op.execute(statement)


# Arrays with something added to each of their objects, in their order; the function is gone with the connection.
_EACH = """
CREATE OR REPLACE FUNCTION pg_temp.unedited(items jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT COALESCE(jsonb_agg(item || '{"edit": 0, "adjustments": []}' ORDER BY place), '[]')
  FROM jsonb_array_elements(items) WITH ORDINALITY AS listed (item, place) $$"""

_LINES = """
UPDATE invoices SET document = document || jsonb_build_object(
  'edits', '[]'::jsonb, 'lines', pg_temp.unedited(document->'lines'))"""

_CREDIT_NOTES = """
UPDATE invoices SET document = jsonb_set(document, '{credit_notes}', (
  SELECT jsonb_agg(jsonb_set(note, '{lines}', pg_temp.unedited(note->'lines')) ORDER BY place)
  FROM jsonb_array_elements(document->'credit_notes') WITH ORDINALITY AS notes (note, place)))
WHERE jsonb_array_length(document->'credit_notes') > 0"""

_CREDIT_NOTE = """
UPDATE invoices SET document = jsonb_set(document, '{credit_note}', document->'credit_notes'->-1)
WHERE document->'credit_note' <> 'null'"""

_BILLS = """
UPDATE waiting_bills SET bill = jsonb_set(bill, '{corrections}', (
  SELECT jsonb_agg(jsonb_set(deferred, '{carried,lines}',
    pg_temp.unedited(deferred->'carried'->'lines')) ORDER BY place)
  FROM jsonb_array_elements(bill->'corrections') WITH ORDINALITY AS corrections (deferred, place)))
WHERE jsonb_array_length(bill->'corrections') > 0"""
