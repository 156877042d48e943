"""Usage periods say whether they are billed while they go on"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    """Those that were asked for before are not, which no value says as well."""
    op.add_column("usage_periods", sa.Column("is_progressive", sa.Boolean))
