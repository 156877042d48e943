"""The table of budgets: what customers mean to spend on their cost centres."""

from sqlalchemy import BigInteger, Column, Date, Index, Integer, MetaData, PrimaryKeyConstraint, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB


def budgets(metadata: MetaData) -> Table:
    """The days are those from `starts_on` up to, not including, `ends_on`."""
    return Table(
        "budgets",
        metadata,
        Column("tenant_id", Uuid, nullable=False),
        Column("budget_id", Uuid, nullable=False),
        Column("customer_id", Uuid, nullable=False),
        Column("customer_key", Text, nullable=False),
        Column("cost_centre", Text, nullable=False),
        Column("period", Text, nullable=False),
        Column("starts_on", Date, nullable=False),
        Column("ends_on", Date, nullable=False),
        Column("currency", Text, nullable=False),
        Column("amount_minor", BigInteger, nullable=False),
        Column("status", Text, nullable=False),
        Column("version", Integer, nullable=False),
        Column("budget", JSONB, nullable=False),
        PrimaryKeyConstraint("tenant_id", "budget_id"),
        Index(None, "tenant_id", "customer_id", "cost_centre"),
        Index(None, "tenant_id", "period"),
    )
