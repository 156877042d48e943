"""Invoices are written off and recovered: rows say how much of them, and credit notes how much was no loss any more"""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.execute("ALTER TABLE invoices ADD COLUMN written_off_minor bigint NOT NULL DEFAULT 0")
    for statement in (_LOSSES, _CREDIT_NOTES, _CREDIT_NOTE):
        op.execute(statement)


_LOSSES = """UPDATE invoices SET document = document || '{"losses": []}'"""

_CREDIT_NOTES = """
UPDATE invoices SET document = jsonb_set(document, '{credit_notes}', (
  SELECT jsonb_agg(note || '{"forgiven_minor": 0}' ORDER BY place)
  FROM jsonb_array_elements(document->'credit_notes') WITH ORDINALITY AS notes (note, place)))
WHERE jsonb_array_length(document->'credit_notes') > 0"""

_CREDIT_NOTE = """
UPDATE invoices SET document = jsonb_set(document, '{credit_note}', document->'credit_notes'->-1)
WHERE document->'credit_note' <> 'null'"""
