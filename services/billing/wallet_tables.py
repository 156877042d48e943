"""The tables of wallets: the credit that customers have, every movement of it, and what tops it up."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from shared.tables import instant


def wallets(metadata: MetaData) -> Table:
    """granted + received = balance + drawn + expired + revoked + rolled over."""
    return Table(
        "wallets",
        metadata,
        Column("tenant_id", Uuid, nullable=False),
        Column("wallet_id", Uuid, nullable=False),
        Column("customer_id", Uuid, nullable=False),
        Column("customer_key", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("status", Text, nullable=False),
        Column("promotional", Boolean, nullable=False),
        Column("currency", Text, nullable=False),
        Column("granted_minor", BigInteger, nullable=False),
        Column("balance_minor", BigInteger, nullable=False),
        Column("drawn_minor", BigInteger, nullable=False),
        Column("expired_minor", BigInteger, nullable=False),
        Column("revoked_minor", BigInteger, nullable=False),
        Column("rolled_over_minor", BigInteger, nullable=False, server_default="0"),
        Column("received_minor", BigInteger, nullable=False, server_default="0"),
        Column("version", Integer, nullable=False),
        Column("wallet", JSONB, nullable=False),
        PrimaryKeyConstraint("tenant_id", "wallet_id"),
        Index(None, "tenant_id", "customer_id"),
    )


def wallet_movements(metadata: MetaData) -> Table:
    """`amount_minor` is how the balance changed; `place` counts the movements of a wallet."""
    return Table(
        "wallet_movements",
        metadata,
        Column("tenant_id", Uuid, nullable=False),
        Column("wallet_id", Uuid, nullable=False),
        Column("place", Text, nullable=False),
        Column("kind", Text, nullable=False),
        Column("moved_on", Date, nullable=False),
        Column("customer_id", Uuid, nullable=False),
        Column("customer_key", Text, nullable=False),
        Column("promotional", Boolean, nullable=False),
        Column("currency", Text, nullable=False),
        Column("amount_minor", BigInteger, nullable=False),
        Column("balance_minor", BigInteger, nullable=False),
        Column("invoice_id", Uuid),
        Column("movement", JSONB, nullable=False),
        PrimaryKeyConstraint("tenant_id", "wallet_id", "place"),
        Index(None, "tenant_id", "moved_on"),
        Index(None, "tenant_id", "invoice_id"),
    )


def top_ups(metadata: MetaData) -> Table:
    return Table(
        "top_ups",
        metadata,
        Column("tenant_id", Uuid, nullable=False),
        Column("wallet_id", Uuid, nullable=False),
        Column("customer_key", Text, nullable=False),
        Column("status", Text, nullable=False),
        Column("version", Integer, nullable=False),
        Column("top_up", JSONB, nullable=False),
        PrimaryKeyConstraint("tenant_id", "wallet_id"),
        Index(None, "tenant_id", "status"),
    )


def credit_purchases(metadata: MetaData) -> Table:
    """`wallet_id` is the wallet that carries the rule; what a purchase buys is in the wallet of the purchase's own id."""
    return Table(
        "credit_purchases",
        metadata,
        Column("tenant_id", Uuid, nullable=False),
        Column("purchase_id", Uuid, nullable=False),
        Column("wallet_id", Uuid, nullable=False),
        Column("customer_key", Text, nullable=False),
        Column("number", Integer, nullable=False),
        Column("status", Text, nullable=False),
        Column("provider", Text, nullable=False),
        Column("reference", Text),
        Column("reason", Text),
        Column("payment_id", Uuid),
        Column("amount_minor", BigInteger, nullable=False),
        Column("left_minor", BigInteger, nullable=False),
        Column("currency", Text, nullable=False),
        instant("requested_at"),
        PrimaryKeyConstraint("tenant_id", "purchase_id"),
        Index(None, "tenant_id", "wallet_id"),
        Index(None, "status", "requested_at"),
    )
