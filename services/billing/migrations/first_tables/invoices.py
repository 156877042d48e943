"""Invoices, their numbers, and corrections of what they billed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.migrations import grant


def create() -> None:
    _number_counters()
    _invoices()
    _indexes_of_invoices()
    _open_corrections()
    grant("billing", by_tenant=["number_counters", "invoices", "open_corrections"])


def _number_counters() -> None:
    op.create_table(
        "number_counters",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("legal_entity", sa.Text, nullable=False),
        sa.Column("series", sa.Text, nullable=False),
        sa.Column("last_number", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "legal_entity", "series", name=op.f("pk_number_counters")),
    )


def _invoices() -> None:
    op.create_table(
        "invoices",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("invoice_id", sa.Uuid, nullable=False),
        sa.Column("customer_id", sa.Uuid, nullable=False),
        sa.Column("customer_key", sa.Text, nullable=False),
        sa.Column("subscription_id", sa.Uuid, nullable=False),
        sa.Column("number", sa.Text),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("issued_on", sa.Date),
        sa.Column("due_on", sa.Date),
        sa.Column("subtotal_minor", sa.BigInteger, nullable=False),
        sa.Column("tax_minor", sa.BigInteger, nullable=False),
        sa.Column("total_minor", sa.BigInteger, nullable=False),
        sa.Column("open_minor", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("document", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "invoice_id", name=op.f("pk_invoices")),
        sa.UniqueConstraint("tenant_id", "number", name=op.f("uq_invoices_tenant_id_number")),
    )


def _indexes_of_invoices() -> None:
    op.create_index(
        op.f("ix_invoices_tenant_id_customer_id_issued_on"),
        "invoices",
        ["tenant_id", "customer_id", "issued_on"],
    )
    op.create_index(op.f("ix_invoices_tenant_id_subscription_id"), "invoices", ["tenant_id", "subscription_id"])


def _open_corrections() -> None:
    op.create_table(
        "open_corrections",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("correction_id", sa.Uuid, nullable=False),
        sa.Column("invoice_id", sa.Uuid, nullable=False),
        sa.Column("period_id", sa.Uuid, nullable=False),
        sa.Column("charge", sa.Text, nullable=False),
        sa.Column("delta_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("correction", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "correction_id", name=op.f("pk_open_corrections")),
    )
    op.create_index(op.f("ix_open_corrections_tenant_id_invoice_id"), "open_corrections", ["tenant_id", "invoice_id"])
