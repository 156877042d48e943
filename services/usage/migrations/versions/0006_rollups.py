"""Hours of event time, rolled up"""

import sqlalchemy as sa
from alembic import op

from shared.migrations import grant

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Empty: the worker takes over what is stored, page by page, while questions are answered from the events."""
    _rollups()
    _rolled_meters()
    grant("usage", by_tenant=["usage_rollups", "usage_rolled_meters"])


def _rollups() -> None:
    op.create_table(
        "usage_rollups",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("meter", sa.Text, nullable=False),
        sa.Column("meter_version", sa.Integer, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("hour_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("group_key", sa.Text, nullable=False),
        sa.Column("aggregation", sa.Text, nullable=False),
        sa.Column("quantity", sa.Numeric, nullable=False),
        sa.Column("event_count", sa.BigInteger, nullable=False),
        sa.Column("key_sum", sa.Numeric(precision=39, scale=0), nullable=False),
        sa.Column("latest_at", sa.DateTime(timezone=True)),
        sa.Column("latest_key", sa.Numeric(precision=39, scale=0)),
        sa.PrimaryKeyConstraint(
            *("tenant_id", "meter", "meter_version", "subject", "hour_at", "group_key"), name=op.f("pk_usage_rollups")
        ),
    )


def _rolled_meters() -> None:
    op.create_table(
        "usage_rolled_meters",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("meter", sa.Text, nullable=False),
        sa.Column("meter_version", sa.Integer, nullable=False),
        sa.Column("done_position", sa.BigInteger, nullable=False),
        sa.Column("until_position", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "meter", "meter_version", name=op.f("pk_usage_rolled_meters")),
    )
    op.create_index(
        "ix_usage_rolled_meters_to_do",
        "usage_rolled_meters",
        ["tenant_id"],
        postgresql_where="done_position < until_position",
    )
