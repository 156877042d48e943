"""Payment plans say whether their instalments are charged"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    """Those that were agreed before leave it to the customer."""
    op.add_column("autopay_attempts", sa.Column("payment_plan_id", sa.Uuid))
    op.execute("UPDATE payment_plans SET plan = jsonb_set(plan, '{agreement,autopay_retry_days}', 'null')")
