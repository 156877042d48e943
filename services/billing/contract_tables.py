"""The tables behind revenue: what contracts were worth from each instant on, what was billed of them, and what was used."""

from sqlalchemy import Boolean, Column, Date, Index, Integer, MetaData, PrimaryKeyConstraint, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from shared.tables import instant


def contracts(metadata: MetaData) -> Table:
    """A row holds from `known_from` until the next one of its subscription does. `first_id` is the first subscription that
    the contract was; `basis` is a digest of what `agreed`, in minor units by revenue class, follows from."""
    return Table(
        "contracts",
        metadata,
        Column("tenant_id", Uuid, nullable=False),
        Column("subscription_id", Uuid, nullable=False),
        instant("known_from"),
        Column("version", Integer, nullable=False),
        Column("first_id", Uuid, nullable=False),
        Column("currency", Text, nullable=False),
        Column("is_paused", Boolean, nullable=False),
        Column("has_trial", Boolean, nullable=False),
        Column("basis", Text, nullable=False),
        Column("annual", JSONB, nullable=False),
        Column("agreed", JSONB, nullable=False),
        Column("items", JSONB, nullable=False),
        Column("usage", JSONB, nullable=False),
        Column("conditions", JSONB, nullable=False),
        PrimaryKeyConstraint("tenant_id", "subscription_id", "known_from"),
    )


def contract_bills(metadata: MetaData) -> Table:
    """What each bill takes, and up to which day everything of its subscription is billed with it; `flat` and `one_offs` are
    what of it no meter tells. Those and `billing_on` are missing where the release before has written the row."""
    return Table(
        "contract_bills",
        metadata,
        Column("tenant_id", Uuid, nullable=False),
        Column("invoice_id", Uuid, nullable=False),
        Column("subscription_id", Uuid, nullable=False),
        instant("known_from"),
        Column("version", Integer, nullable=False),
        Column("items", JSONB, nullable=False),
        Column("through", JSONB, nullable=False),
        Column("billing_on", Date),
        Column("flat", JSONB),
        Column("one_offs", JSONB),
        PrimaryKeyConstraint("tenant_id", "subscription_id", "version"),
        Index(None, "tenant_id", "invoice_id"),
    )


def running_usage(metadata: MetaData) -> Table:
    """The last total of each day that usage told of a period that was open; in no event. Of one that is billed, some time
    later, the last of each month."""
    return Table(
        "running_usage",
        metadata,
        Column("tenant_id", Uuid, nullable=False),
        Column("period_id", Uuid, nullable=False),
        Column("on_day", Date, nullable=False),
        instant("told_at"),
        Column("totals", JSONB, nullable=False),
        PrimaryKeyConstraint("tenant_id", "period_id", "on_day"),
    )
