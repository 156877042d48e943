"""Customers, and what the other services told of meters and renewal policies."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.migrations import grant


def create() -> None:
    _customers()
    _known_meters()
    _renewal_policies()
    grant("billing", by_tenant=["customers", "known_meters", "renewal_policies"])


def _customers() -> None:
    op.create_table(
        "customers",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("customer_id", sa.Uuid, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("customer", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "customer_id", name=op.f("pk_customers")),
        sa.UniqueConstraint("tenant_id", "key", name=op.f("uq_customers_tenant_id_key")),
    )


def _known_meters() -> None:
    op.create_table(
        "known_meters",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("meter", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "slug", name=op.f("pk_known_meters")),
    )


def _renewal_policies() -> None:
    op.create_table(
        "renewal_policies",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("terms", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "code", name=op.f("pk_renewal_policies")),
    )
