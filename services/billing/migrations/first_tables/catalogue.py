"""Products and the versions of plans."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.migrations import grant


def create() -> None:
    _products()
    _plans()
    grant("billing", by_tenant=["products", "plans"])


def _products() -> None:
    op.create_table(
        "products",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("product_id", sa.Uuid, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "code", name=op.f("pk_products")),
    )


def _plans() -> None:
    op.create_table(
        "plans",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("plan_id", sa.Uuid, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("plan", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "plan_id", "version", name=op.f("pk_plans")),
        sa.UniqueConstraint("tenant_id", "code", "version", name=op.f("uq_plans_tenant_id_code_version")),
    )
