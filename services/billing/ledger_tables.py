"""The tables of the ledger: postings, what is taxed how, what is earned by day, closed months, and the chain over events."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)

from shared.tables import instant


def ledger_tables(metadata: MetaData) -> None:
    for define in (_postings, _taxed_amounts, _recognitions, _closings, _hashes):
        define(metadata)


def _postings(metadata: MetaData) -> None:
    """Debits are positive, credits negative; a trigger holds that those of an entry add up to nothing in each currency."""
    Table(
        "ledger_postings",
        metadata,
        *_entry(),
        *_amount(),
        *_documents(),
        instant("recorded_at"),
        Column("cost_centre", Text),
        PrimaryKeyConstraint("tenant_id", "place"),
        Index(None, "tenant_id", "account", "booked_on"),
        Index(None, "tenant_id", "invoice_id"),
        Index(None, "tenant_id", "customer_key"),
        Index(None, "tenant_id", "entry_id"),
        Index(
            "ix_ledger_postings_cost_centres",
            *("tenant_id", "customer_id", "cost_centre", "booked_on"),
            postgresql_where=text("cost_centre IS NOT NULL"),
            postgresql_include=["currency", "account", "kind", "amount_minor", "recorded_at"],
        ),
    )


def _entry() -> list[Column[Any]]:
    return [
        Column("tenant_id", Uuid, nullable=False),
        Column("place", Text, nullable=False),
        Column("entry_id", Uuid, nullable=False),
        Column("number", Integer, nullable=False),
        Column("kind", Text, nullable=False),
        Column("booked_on", Date, nullable=False),
        Column("effective_on", Date, nullable=False),
    ]


def _amount() -> list[Column[Any]]:
    return [
        Column("account", Text, nullable=False),
        Column("revenue_class", Text),
        Column("tax_rate", Text),
        Column("currency", Text, nullable=False),
        Column("amount_minor", BigInteger, nullable=False),
    ]


def _documents() -> list[Column[Any]]:
    """Who and what it was booked for."""
    return [
        Column("customer_id", Uuid, nullable=False),
        Column("customer_key", Text, nullable=False),
        Column("invoice_id", Uuid),
        Column("document", Text),
        Column("line", Integer),
        Column("event", Text, nullable=False),
        Column("event_id", Uuid, nullable=False),
    ]


def _taxed_amounts(metadata: MetaData) -> None:
    """What of an entry is taxed with what, or is not, and why."""
    Table(
        "taxed_amounts",
        metadata,
        Column("tenant_id", Uuid, nullable=False),
        Column("entry_id", Uuid, nullable=False),
        Column("number", Integer, nullable=False),
        Column("booked_on", Date, nullable=False),
        Column("treatment", Text, nullable=False),
        Column("tax_rate", Text),
        Column("place", Text, nullable=False),
        Column("code", Text, nullable=False),
        Column("category", Text, nullable=False),
        Column("rate", Text),
        Column("currency", Text, nullable=False),
        Column("taxable_minor", BigInteger, nullable=False),
        Column("tax_minor", BigInteger, nullable=False),
        Column("customer_key", Text, nullable=False),
        Column("invoice_id", Uuid),
        Column("document", Text),
        PrimaryKeyConstraint("tenant_id", "entry_id", "number"),
        Index(None, "tenant_id", "booked_on"),
    )


def _recognitions(metadata: MetaData) -> None:
    """Each row is one entry of the ledger, and says what of it is earned before its end."""
    Table(
        "recognitions",
        metadata,
        Column("tenant_id", Uuid, nullable=False),
        Column("entry_id", Uuid, nullable=False),
        Column("invoice_id", Uuid),
        Column("revenue_class", Text, nullable=False),
        Column("currency", Text, nullable=False),
        Column("total_minor", BigInteger, nullable=False),
        Column("over_from", Date, nullable=False),
        Column("over_to", Date, nullable=False),
        Column("days_from", Date, nullable=False),
        Column("days_to", Date, nullable=False),
        Column("known_on", Date, nullable=False),
        Column("booked_on", Date, nullable=False),
        Column("amount_minor", BigInteger, nullable=False),
        instant("recorded_at"),
        PrimaryKeyConstraint("tenant_id", "entry_id"),
        Index(None, "tenant_id", "booked_on"),
    )


def _closings(metadata: MetaData) -> None:
    Table(
        "accounting_periods",
        metadata,
        Column("tenant_id", Uuid, nullable=False),
        Column("month", Text, nullable=False),
        Column("open_from", Date, nullable=False),
        instant("closed_at"),
        Column("closed_by", Text, nullable=False),
        PrimaryKeyConstraint("tenant_id", "month"),
    )


def _hashes(metadata: MetaData) -> None:
    """Each hash covers an event and the hash of the one before it in its stream. A trigger adds them; nobody else may."""
    Table(
        "event_hashes",
        metadata,
        Column("tenant_id", Uuid, nullable=False),
        Column("category", Text, nullable=False),
        Column("stream_id", Uuid, nullable=False),
        Column("version", Integer, nullable=False),
        Column("hash", LargeBinary, nullable=False),
        PrimaryKeyConstraint("tenant_id", "category", "stream_id", "version"),
    )
