"""Every table of the renewals database, for the code and for Alembic alike."""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from shared.tables import NAMING, instant, kernel_tables

metadata = MetaData(naming_convention=NAMING)
kernel_tables(metadata)

customers = Table(
    "customers",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("customer_id", Uuid, nullable=False),
    Column("key", Text, nullable=False),
    Column("segment", Text, nullable=False),
    Column("region", Text, nullable=False),
    PrimaryKeyConstraint("tenant_id", "customer_id"),
    UniqueConstraint("tenant_id", "key"),
)

policy_versions = Table(
    "policy_versions",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("code", Text, nullable=False),
    Column("version", Integer, nullable=False),
    instant("published_at"),
    Column("policy", JSONB, nullable=False),
    PrimaryKeyConstraint("tenant_id", "code", "version"),
)

# The last term that is known of each subscription, and the opportunity to renew it.
subscriptions = Table(
    "subscriptions",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("subscription_id", Uuid, nullable=False),
    Column("customer_id", Uuid, nullable=False),
    Column("customer_key", Text, nullable=False),
    Column("term_number", Integer, nullable=False),
    Column("ends_on", Date, nullable=False),
    Column("opportunity_id", Uuid, nullable=False),
    PrimaryKeyConstraint("tenant_id", "subscription_id"),
    Index(None, "tenant_id", "customer_key"),
)

opportunities = Table(
    "opportunities",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("opportunity_id", Uuid, nullable=False),
    Column("subscription_id", Uuid, nullable=False),
    Column("customer_key", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("base_minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("successor_subscription_id", Uuid),
    Column("version", Integer, nullable=False),
    Column("opportunity", JSONB, nullable=False),
    PrimaryKeyConstraint("tenant_id", "opportunity_id"),
    Index(None, "tenant_id", "customer_key"),
    Index(None, "tenant_id", "subscription_id"),
    Index(None, "tenant_id", "due_on"),
    Index(None, "tenant_id", "successor_subscription_id"),
)
