"""Customers have wallets, whose credit pays invoices when they are issued; payments buy it"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.migrations import grant

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """The release before writes payments while it is upgraded: what it does not know has a default."""
    op.add_column("payments", sa.Column("prepaid_minor", sa.BigInteger, nullable=False, server_default="0"))
    _wallets()
    _movements()
    grant("billing", by_tenant=["wallets", "wallet_movements"])


def _wallets() -> None:
    amounts = ("granted_minor", "balance_minor", "drawn_minor", "expired_minor", "revoked_minor")
    op.create_table(
        "wallets",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("wallet_id", sa.Uuid, nullable=False),
        sa.Column("customer_id", sa.Uuid, nullable=False),
        sa.Column("customer_key", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("promotional", sa.Boolean, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in amounts),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("wallet", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "wallet_id", name=op.f("pk_wallets")),
    )
    op.create_index(op.f("ix_wallets_tenant_id_customer_id"), "wallets", ["tenant_id", "customer_id"])


def _movements() -> None:
    op.create_table(
        "wallet_movements",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("wallet_id", sa.Uuid, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("moved_on", sa.Date, nullable=False),
        sa.Column("customer_id", sa.Uuid, nullable=False),
        sa.Column("customer_key", sa.Text, nullable=False),
        sa.Column("promotional", sa.Boolean, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("balance_minor", sa.BigInteger, nullable=False),
        sa.Column("invoice_id", sa.Uuid),
        sa.Column("movement", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "wallet_id", "place", name=op.f("pk_wallet_movements")),
    )
    for column in ("moved_on", "invoice_id"):
        op.create_index(op.f(f"ix_wallet_movements_tenant_id_{column}"), "wallet_movements", ["tenant_id", column])
