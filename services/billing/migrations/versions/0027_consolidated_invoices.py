"""Bills of a customer's day become one invoice: rows say what was not said before"""

import sqlalchemy as sa
from alembic import op

from shared.migrations import grant

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.create_table(
        "invoice_parts",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("bill_id", sa.Uuid, nullable=False),
        sa.Column("invoice_id", sa.Uuid, nullable=False),
        sa.Column("subscription_id", sa.Uuid, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "bill_id", name=op.f("pk_invoice_parts")),
    )
    for column in ("invoice_id", "subscription_id"):
        op.create_index(op.f(f"ix_invoice_parts_tenant_id_{column}"), "invoice_parts", ["tenant_id", column])
    op.add_column("waiting_bills", sa.Column("customer_id", sa.Uuid))
    op.add_column("waiting_bills", sa.Column("currency", sa.Text))
    op.add_column("waiting_bills", sa.Column("invoice_at", sa.DateTime(timezone=True)))
    op.create_index(op.f("ix_waiting_bills_tenant_id_customer_id"), "waiting_bills", ["tenant_id", "customer_id"])
    for statement in (_EACH, _LINES, _CREDIT_NOTES, _CREDIT_NOTE, _BILLS, _CORRECTIONS, _CUSTOMERS, _PLANS):
        op.execute(statement)
    grant("billing", by_tenant=["invoice_parts"])


# Lines with something added to each of them, in their order; the function is gone with the connection.
_EACH = """
CREATE OR REPLACE FUNCTION pg_temp.of_one(items jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT COALESCE(jsonb_agg(item || '{"subscription_id": null}' ORDER BY place), '[]')
  FROM jsonb_array_elements(items) WITH ORDINALITY AS listed (item, place) $$"""

_LINES = """
UPDATE invoices SET document = jsonb_set(document, '{lines}', pg_temp.of_one(document->'lines'))"""

_CREDIT_NOTES = """
UPDATE invoices SET document = jsonb_set(document, '{credit_notes}', (
  SELECT jsonb_agg(jsonb_set(note, '{lines}', pg_temp.of_one(note->'lines')) ORDER BY place)
  FROM jsonb_array_elements(document->'credit_notes') WITH ORDINALITY AS notes (note, place)))
WHERE jsonb_array_length(document->'credit_notes') > 0"""

_CREDIT_NOTE = """
UPDATE invoices SET document = jsonb_set(document, '{credit_note}', document->'credit_notes'->-1)
WHERE document->'credit_note' <> 'null'"""

_BILLS = """UPDATE waiting_bills SET bill = bill || '{"together": null}'"""

_CORRECTIONS = """
UPDATE waiting_bills SET bill = jsonb_set(bill, '{corrections}', (
  SELECT jsonb_agg(jsonb_set(deferred, '{carried,lines}',
    pg_temp.of_one(deferred->'carried'->'lines')) ORDER BY place)
  FROM jsonb_array_elements(bill->'corrections') WITH ORDINALITY AS corrections (deferred, place)))
WHERE jsonb_array_length(bill->'corrections') > 0"""

_CUSTOMERS = """UPDATE customers SET customer = customer || '{"invoicing": []}'"""

_PLANS = """
UPDATE payment_plans SET plan = jsonb_set(plan, '{agreement,invoices}', (
  SELECT COALESCE(jsonb_agg(invoice || '{"subscription_ids": []}' ORDER BY place), '[]')
  FROM jsonb_array_elements(plan->'agreement'->'invoices') WITH ORDINALITY AS planned (invoice, place)))"""
