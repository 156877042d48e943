"""The tables of outcomes: renewals that were won, and the periods in which they are charged for."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, PrimaryKeyConstraint, Table, Text, Uuid

from shared.tables import instant


def won_renewals(metadata: MetaData) -> Table:
    return Table(
        "won_renewals",
        metadata,
        Column("tenant_id", Uuid, nullable=False),
        Column("opportunity_id", Uuid, nullable=False),
        Column("subscription_id", Uuid, nullable=False),
        Column("customer_key", Text, nullable=False),
        Column("term_number", Integer, nullable=False),
        Column("currency", Text, nullable=False),
        Column("value_minor", BigInteger, nullable=False),
        instant("won_at"),
        PrimaryKeyConstraint("tenant_id", "opportunity_id"),
        Index(None, "tenant_id", "won_at"),
    )


def outcome_periods(metadata: MetaData) -> Table:
    return Table(
        "outcome_periods",
        metadata,
        Column("tenant_id", Uuid, nullable=False),
        Column("period_id", Uuid, nullable=False),
        instant("starts_at"),
        instant("ends_at"),
        PrimaryKeyConstraint("tenant_id", "period_id"),
        Index(None, "tenant_id", "ends_at"),
    )
