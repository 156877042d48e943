"""What was said later about events"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSON

from shared.migrations import grant

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "usage_amendments",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("key_hash", sa.LargeBinary, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("position", sa.BigInteger),
        sa.Column("by_positions", ARRAY(sa.BigInteger), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("data", JSON()),
        sa.PrimaryKeyConstraint("tenant_id", "key_hash", "subject", name=op.f("pk_usage_amendments")),
    )
    op.create_index(
        op.f("ix_usage_amendments_tenant_id_position"), "usage_amendments", ["tenant_id", "position"], unique=True
    )
    grant("usage", by_tenant=["usage_amendments"])
