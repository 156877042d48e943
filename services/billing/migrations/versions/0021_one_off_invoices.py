"""Invoices without a subscription, and dunning of what customers owe beside any"""

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """The release before finds its own rows of dunning by their subscription."""
    for statement in _STATEMENTS:
        op.execute(statement)


_STATEMENTS = (
    "ALTER TABLE invoices ALTER COLUMN subscription_id DROP NOT NULL",
    "ALTER TABLE dunning DROP CONSTRAINT pk_dunning",
    "ALTER TABLE dunning ALTER COLUMN subscription_id DROP NOT NULL",
    "ALTER TABLE dunning ADD COLUMN dunning_id uuid NOT NULL "
    "GENERATED ALWAYS AS (COALESCE(subscription_id, customer_id)) STORED",
    "ALTER TABLE dunning ADD CONSTRAINT pk_dunning PRIMARY KEY (tenant_id, dunning_id)",
    "ALTER TABLE dunning ADD CONSTRAINT uq_dunning_tenant_id_subscription_id UNIQUE (tenant_id, subscription_id)",
)
