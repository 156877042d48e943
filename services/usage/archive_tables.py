"""The table of what was archived: nothing may be counted from events that are not there."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, MetaData, PrimaryKeyConstraint, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY

from shared.tables import instant


def archive_tables(metadata: MetaData) -> None:
    """A month of a tenant's events that lie in `file`; `types` are theirs, and their times from first to last."""
    Table(
        "usage_archives",
        metadata,
        Column("tenant_id", Uuid, nullable=False),
        Column("month", Date, nullable=False),
        Column("count", BigInteger, nullable=False),
        Column("digest", Text, nullable=False),
        Column("types", ARRAY(Text), nullable=False),
        instant("first_event_at"),
        instant("last_event_at"),
        Column("file", Text, nullable=False),
        Column("sha256", Text, nullable=False),
        instant("archived_at"),
        instant("keys_forgotten_at", nullable=True),
        PrimaryKeyConstraint("tenant_id", "month"),
    )
