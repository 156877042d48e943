"""Late usage is answered: corrections have a status, and rows say what was not said before"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("open_corrections", sa.Column("status", sa.Text, nullable=False, server_default="open"))
    for statement in (_CORRECTIONS, _CREDIT_NOTES, _LINES, _PLANS, _QUOTES, _BILLS):
        op.execute(statement)


_CORRECTIONS = """
UPDATE open_corrections
SET correction = correction || '{"policy": "", "total_minor": null, "event_ids": [], "documents": []}'"""

# There was one credit note at most, over the whole invoice.
_CREDIT_NOTES = """
UPDATE invoices SET document = document || '{"kind": "regular", "corrects": null}' || CASE
  WHEN document->'credit_note' = 'null' THEN '{"credit_notes": []}'
  ELSE jsonb_build_object('credit_note', note.whole, 'credit_notes', jsonb_build_array(note.whole)) END
FROM (SELECT tenant_id, invoice_id,
        document->'credit_note' || '{"taxes": {}, "lines": [], "corrects": null}' AS whole FROM invoices) note
WHERE note.tenant_id = invoices.tenant_id AND note.invoice_id = invoices.invoice_id"""

_LINES = """
UPDATE invoices SET document = jsonb_set(document, '{lines}', COALESCE(
  (SELECT jsonb_agg(line || '{"corrects": null}' ORDER BY place)
   FROM jsonb_array_elements(document->'lines') WITH ORDINALITY AS lines (line, place)), '[]'))"""

_PLANS = """UPDATE plans SET plan = plan || '{"late_usage": "correct", "late_usage_days": null}'"""

_QUOTES = """
UPDATE quotes SET quote = jsonb_set(quote, '{versions}', (
  SELECT jsonb_object_agg(number, jsonb_set(version, '{lines}', COALESCE((
    SELECT jsonb_agg(line || '{"late_usage": "correct", "late_usage_days": null}' ORDER BY place)
    FROM jsonb_array_elements(version->'lines') WITH ORDINALITY AS lines (line, place)), '[]')))
  FROM jsonb_each(quote->'versions') AS versions (number, version)))"""

_BILLS = """UPDATE waiting_bills SET bill = bill || '{"corrections": []}'"""
