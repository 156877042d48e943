"""What became of the events of each period"""

import sqlalchemy as sa
from alembic import op

from shared.migrations import grant

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Empty: the release before meters on until its worker is replaced, and would leave out what it counts."""
    op.create_table(
        "usage_period_counts",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("period_id", sa.Uuid, nullable=False),
        *(
            sa.Column(name, sa.BigInteger, nullable=False)
            for name in ("received", "excluded", "taken_back", "repeated", "conflicting")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "period_id", name=op.f("pk_usage_period_counts")),
    )
    grant("usage", by_tenant=["usage_period_counts"])
