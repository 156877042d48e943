"""The tables of what became of events, by time and by period."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, MetaData, PrimaryKeyConstraint, Table, Uuid

from shared.tables import instant


def count_tables(metadata: MetaData) -> None:
    """`usage_counts` by quarter of an hour of event time: the offsets of all zones are multiples of it, so local days add
    up. `usage_period_counts` of the events of a period's subjects, type and time: what is metered is in its totals alone,
    which have to agree with the rest."""
    Table(
        "usage_counts",
        metadata,
        Column("tenant_id", Uuid, nullable=False),
        instant("quarter_at"),
        *_numbers("received", "metered", "unmatched", "rejected", "repeated", "conflicting"),
        PrimaryKeyConstraint("tenant_id", "quarter_at"),
    )
    Table(
        "usage_period_counts",
        metadata,
        Column("tenant_id", Uuid, nullable=False),
        Column("period_id", Uuid, nullable=False),
        *_numbers("received", "excluded", "taken_back", "repeated", "conflicting"),
        PrimaryKeyConstraint("tenant_id", "period_id"),
    )


def _numbers(*names: str) -> list[Column[int]]:
    return [Column(name, BigInteger, nullable=False) for name in names]
