"""Open invoices are paid in instalments"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.migrations import grant

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.create_table(
        "payment_plans",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("plan_id", sa.Uuid, nullable=False),
        sa.Column("customer_key", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("plan", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "plan_id", name=op.f("pk_payment_plans")),
    )
    op.create_index(op.f("ix_payment_plans_tenant_id_customer_key"), "payment_plans", ["tenant_id", "customer_key"])
    op.add_column("invoices", sa.Column("payment_plan_id", sa.Uuid))
    grant("billing", by_tenant=["payment_plans"])
