"""Payments have streams of their own: parts of them pay several invoices, the rest is unapplied"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.migrations import grant

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    _payments()
    _allocations()
    _profiles()
    _entries()
    _attempts()
    grant("billing", by_tenant=["payment_allocations", "payment_profiles", "bank_entries", "autopay_attempts"])
    for statement in (_CUSTOMERS, _ALLOCATED):
        op.execute(statement)


def _payments() -> None:
    """The release before writes to it while it is upgraded: what it does not know has a default."""
    op.alter_column("payments", "invoice_id", nullable=True)
    op.add_column("payments", sa.Column("customer_id", sa.Uuid))
    op.add_column("payments", sa.Column("customer_key", sa.Text))
    for name in ("unapplied_minor", "refunded_minor", "charged_back_minor"):
        op.add_column("payments", sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("payments", sa.Column("version", sa.Integer, nullable=False, server_default="0"))
    op.add_column("payments", sa.Column("payment", JSONB(), nullable=False, server_default="{}"))
    op.create_index(op.f("ix_payments_tenant_id_customer_key"), "payments", ["tenant_id", "customer_key"])


def _allocations() -> None:
    op.create_table(
        "payment_allocations",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("payment_id", sa.Uuid, nullable=False),
        sa.Column("invoice_id", sa.Uuid, nullable=False),
        sa.Column("invoice", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("credit_used_minor", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "payment_id", "invoice_id", name=op.f("pk_payment_allocations")),
    )
    op.create_index(
        op.f("ix_payment_allocations_tenant_id_invoice_id"), "payment_allocations", ["tenant_id", "invoice_id"]
    )


def _profiles() -> None:
    op.create_table(
        "payment_profiles",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("customer_id", sa.Uuid, nullable=False),
        sa.Column("customer_key", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("profile", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "customer_id", name=op.f("pk_payment_profiles")),
    )


def _entries() -> None:
    op.create_table(
        "bank_entries",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("entry_id", sa.Uuid, nullable=False),
        sa.Column("statement", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("entry", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "entry_id", name=op.f("pk_bank_entries")),
    )
    op.create_index(op.f("ix_bank_entries_tenant_id_status"), "bank_entries", ["tenant_id", "status"])


def _attempts() -> None:
    op.create_table(
        "autopay_attempts",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("attempt_id", sa.Uuid, nullable=False),
        sa.Column("invoice_id", sa.Uuid, nullable=False),
        sa.Column("invoice", sa.Text, nullable=False),
        sa.Column("customer_key", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("is_last", sa.Boolean, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("reference", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "attempt_id", name=op.f("pk_autopay_attempts")),
    )
    op.create_index(op.f("ix_autopay_attempts_tenant_id_invoice_id"), "autopay_attempts", ["tenant_id", "invoice_id"])
    op.create_index(op.f("ix_autopay_attempts_status_requested_at"), "autopay_attempts", ["status", "requested_at"])


_CUSTOMERS = """
UPDATE payments p SET customer_id = i.customer_id, customer_key = i.customer_key
FROM invoices i WHERE i.tenant_id = p.tenant_id AND i.invoice_id = p.invoice_id"""

_ALLOCATED = """
INSERT INTO payment_allocations (tenant_id, payment_id, invoice_id, invoice, amount_minor, credit_used_minor)
SELECT p.tenant_id, p.payment_id, p.invoice_id, i.number, p.amount_minor, 0
FROM payments p JOIN invoices i ON i.tenant_id = p.tenant_id AND i.invoice_id = p.invoice_id"""
