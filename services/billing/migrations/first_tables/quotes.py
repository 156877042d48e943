"""Quotes, and which token accepts which version."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.migrations import grant


def create() -> None:
    _quotes()
    _quote_tokens()
    grant("billing", by_tenant=["quotes", "quote_tokens"])


def _quotes() -> None:
    op.create_table(
        "quotes",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("quote_id", sa.Uuid, nullable=False),
        sa.Column("customer_id", sa.Uuid, nullable=False),
        sa.Column("subscription_id", sa.Uuid),
        sa.Column("opportunity_id", sa.Uuid),
        sa.Column("external_id", sa.Text),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("quote", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "quote_id", name=op.f("pk_quotes")),
    )
    op.create_index(op.f("ix_quotes_tenant_id_customer_id"), "quotes", ["tenant_id", "customer_id"])
    op.create_index(op.f("ix_quotes_tenant_id_external_id"), "quotes", ["tenant_id", "external_id"])
    op.create_index(op.f("ix_quotes_tenant_id_subscription_id"), "quotes", ["tenant_id", "subscription_id"])


def _quote_tokens() -> None:
    op.create_table(
        "quote_tokens",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("token_hash", sa.LargeBinary, nullable=False),
        sa.Column("quote_id", sa.Uuid, nullable=False),
        sa.Column("quote_version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "token_hash", name=op.f("pk_quote_tokens")),
    )
