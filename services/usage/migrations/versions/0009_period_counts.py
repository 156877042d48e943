"""What became of the events of each period"""

import sqlalchemy as sa
from alembic import op

from shared.migrations import grant

revision = "0009"
down_revision = "0008"

# What was excluded or repeated before is not known by period: it begins with what is metered.
FILL = """
INSERT INTO usage_period_counts (tenant_id, period_id, received, excluded, taken_back, repeated, conflicting)
SELECT tenant_id, period_id, sum(event_count), 0, 0, 0, 0 FROM usage_totals GROUP BY tenant_id, period_id"""


def upgrade() -> None:
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
    op.execute(FILL)
    grant("usage", by_tenant=["usage_period_counts"])
