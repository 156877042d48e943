"""Thresholds of usage periods"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("usage_periods", sa.Column("threshold_of", sa.Numeric))
    for name in ("threshold_percents", "thresholds_crossed"):
        op.add_column("usage_periods", sa.Column(name, ARRAY(sa.Numeric), nullable=False, server_default="{}"))
    op.create_index(
        "ix_usage_periods_watched",
        "usage_periods",
        ["tenant_id", "period_id"],
        postgresql_where="status = 'open' AND threshold_of IS NOT NULL",
    )
