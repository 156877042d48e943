"""Totals know their aggregation; levels of weighted sums"""

import sqlalchemy as sa
from alembic import op

from shared.migrations import grant

revision = "0002"
down_revision = "0001"


# As the projection writes it from here on.
DEFINITIONS = r"""
UPDATE usage_meters SET definition = (left(definition::text, -1) || ',"conversion"\:null}')::json"""


def upgrade() -> None:
    op.execute(DEFINITIONS)
    _totals()
    _levels()


def _totals() -> None:
    """Until here all quantities were sums, also the sizes of sets."""
    op.add_column("usage_totals", sa.Column("aggregation", sa.Text, nullable=False, server_default="sum"))
    op.add_column("usage_totals", sa.Column("divide_by", sa.Numeric))
    op.add_column("usage_totals", sa.Column("latest_at", sa.DateTime(timezone=True)))
    op.add_column("usage_totals", sa.Column("latest_key", sa.Numeric(precision=39, scale=0)))


def _levels() -> None:
    op.create_table(
        "usage_levels",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("period_id", sa.Uuid, nullable=False),
        sa.Column("group_key", sa.Text, nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key", sa.Numeric(precision=39, scale=0), nullable=False),
        sa.Column("value", sa.Numeric, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "period_id", "group_key", "time", "key", name=op.f("pk_usage_levels")),
    )
    grant("usage", by_tenant=["usage_levels"])
