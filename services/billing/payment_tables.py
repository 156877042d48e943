"""The tables of payments: what came in, how it is applied, from whom, by which statement or attempt; and who was dunned."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Computed,
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

from shared.tables import instant


def payments(metadata: MetaData) -> Table:
    return Table(
        "payments",
        metadata,
        Column("tenant_id", Uuid, nullable=False),
        Column("payment_id", Uuid, nullable=False),
        Column("invoice_id", Uuid),
        Column("customer_id", Uuid),
        Column("customer_key", Text),
        Column("amount_minor", BigInteger, nullable=False),
        Column("unapplied_minor", BigInteger, nullable=False, server_default="0"),
        Column("refunded_minor", BigInteger, nullable=False, server_default="0"),
        Column("charged_back_minor", BigInteger, nullable=False, server_default="0"),
        Column("prepaid_minor", BigInteger, nullable=False, server_default="0"),
        Column("currency", Text, nullable=False),
        Column("reference", Text, nullable=False),
        instant("received_at"),
        Column("version", Integer, nullable=False, server_default="0"),
        Column("payment", JSONB, nullable=False, server_default="{}"),
        PrimaryKeyConstraint("tenant_id", "payment_id"),
        Index(None, "tenant_id", "invoice_id"),
        Index(None, "tenant_id", "customer_key"),
    )


def payment_allocations(metadata: MetaData) -> Table:
    return Table(
        "payment_allocations",
        metadata,
        Column("tenant_id", Uuid, nullable=False),
        Column("payment_id", Uuid, nullable=False),
        Column("invoice_id", Uuid, nullable=False),
        Column("invoice", Text, nullable=False),
        Column("amount_minor", BigInteger, nullable=False),
        Column("credit_used_minor", BigInteger, nullable=False),
        PrimaryKeyConstraint("tenant_id", "payment_id", "invoice_id"),
        Index(None, "tenant_id", "invoice_id"),
    )


def payment_profiles(metadata: MetaData) -> Table:
    return Table(
        "payment_profiles",
        metadata,
        Column("tenant_id", Uuid, nullable=False),
        Column("customer_id", Uuid, nullable=False),
        Column("customer_key", Text, nullable=False),
        Column("version", Integer, nullable=False),
        Column("profile", JSONB, nullable=False),
        PrimaryKeyConstraint("tenant_id", "customer_id"),
    )


def bank_entries(metadata: MetaData) -> Table:
    return Table(
        "bank_entries",
        metadata,
        Column("tenant_id", Uuid, nullable=False),
        Column("entry_id", Uuid, nullable=False),
        Column("statement", Text, nullable=False),
        Column("account", Text, nullable=False),
        Column("status", Text, nullable=False),
        Column("version", Integer, nullable=False),
        Column("entry", JSONB, nullable=False),
        PrimaryKeyConstraint("tenant_id", "entry_id"),
        Index(None, "tenant_id", "status"),
    )


def autopay_attempts(metadata: MetaData) -> Table:
    return Table(
        "autopay_attempts",
        metadata,
        Column("tenant_id", Uuid, nullable=False),
        Column("attempt_id", Uuid, nullable=False),
        Column("invoice_id", Uuid, nullable=False),
        Column("invoice", Text, nullable=False),
        Column("customer_key", Text, nullable=False),
        Column("number", Integer, nullable=False),
        Column("is_last", Boolean, nullable=False),
        Column("status", Text, nullable=False),
        Column("provider", Text, nullable=False),
        Column("reference", Text),
        Column("reason", Text),
        Column("amount_minor", BigInteger, nullable=False),
        Column("currency", Text, nullable=False),
        instant("requested_at"),
        Column("payment_plan_id", Uuid),
        PrimaryKeyConstraint("tenant_id", "attempt_id"),
        Index(None, "tenant_id", "invoice_id"),
        Index(None, "status", "requested_at"),
    )


def payment_plans(metadata: MetaData) -> Table:
    return Table(
        "payment_plans",
        metadata,
        Column("tenant_id", Uuid, nullable=False),
        Column("plan_id", Uuid, nullable=False),
        Column("customer_key", Text, nullable=False),
        Column("status", Text, nullable=False),
        Column("version", Integer, nullable=False),
        Column("plan", JSONB, nullable=False),
        PrimaryKeyConstraint("tenant_id", "plan_id"),
        Index(None, "tenant_id", "customer_key"),
    )


def refunds(metadata: MetaData) -> Table:
    return Table(
        "refunds",
        metadata,
        Column("tenant_id", Uuid, nullable=False),
        Column("refund_id", Uuid, nullable=False),
        Column("payment_id", Uuid, nullable=False),
        Column("customer_key", Text, nullable=False),
        Column("status", Text, nullable=False),
        Column("provider", Text, nullable=False),
        Column("charge", Text, nullable=False),
        Column("reference", Text),
        Column("note", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("failure", Text),
        Column("amount_minor", BigInteger, nullable=False),
        Column("currency", Text, nullable=False),
        instant("requested_at"),
        PrimaryKeyConstraint("tenant_id", "refund_id"),
        Index(None, "tenant_id", "payment_id"),
        Index(None, "status", "requested_at"),
    )


def dunning(metadata: MetaData) -> Table:
    return Table(
        "dunning",
        metadata,
        Column("tenant_id", Uuid, nullable=False),
        Column("subscription_id", Uuid),
        Column("customer_id", Uuid, nullable=False),
        Column("step", Text, nullable=False),
        Column("version", Integer, nullable=False),
        Column("history", JSONB, nullable=False),
        Column("dunning_id", Uuid, Computed("COALESCE(subscription_id, customer_id)", persisted=True), nullable=False),
        PrimaryKeyConstraint("tenant_id", "dunning_id"),
        UniqueConstraint("tenant_id", "subscription_id"),
    )
