"""Every table of the entitlement database, for the code and for Alembic alike."""

from sqlalchemy import Column, Index, Integer, MetaData, PrimaryKeyConstraint, Table, Text, UniqueConstraint, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from shared.tables import NAMING, instant, kernel_tables

metadata = MetaData(naming_convention=NAMING)
kernel_tables(metadata)

accounts = Table(
    "accounts",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("customer_id", Uuid, nullable=False),
    Column("key", Text, nullable=False),
    Column("version", Integer, nullable=False),
    PrimaryKeyConstraint("tenant_id", "customer_id"),
    UniqueConstraint("tenant_id", "key"),
)

known_features = Table(
    "known_features",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("feature", Text, nullable=False),
    PrimaryKeyConstraint("tenant_id", "feature"),
)

# Without a customer's key the right itself is still on its way: only a hold of it is known.
entitlements = Table(
    "entitlements",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("entitlement_id", Uuid, nullable=False),
    Column("subscription_id", Uuid),
    Column("customer_key", Text),
    Column("status", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("entitlement", JSONB, nullable=False),
    PrimaryKeyConstraint("tenant_id", "entitlement_id"),
    Index(None, "tenant_id", "customer_key"),
    Index(None, "tenant_id", "subscription_id"),
)

holds = Table(
    "holds",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("hold_id", Uuid, nullable=False),
    Column("entitlement_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    instant("placed_at"),
    instant("removed_at", nullable=True),
    Column("cause", JSONB, nullable=False),
    Column("removal", JSONB),
    PrimaryKeyConstraint("tenant_id", "hold_id"),
    Index(None, "tenant_id", "entitlement_id"),
)
