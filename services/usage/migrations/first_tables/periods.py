"""Meters, the periods they count for, and the totals."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSON

from shared.migrations import grant


def create() -> None:
    _usage_meters()
    _usage_periods()
    _indexes_of_usage_periods()
    _usage_period_subjects()
    _usage_totals()
    _usage_uniques()
    grant(
        "usage", by_tenant=["usage_meters", "usage_periods", "usage_period_subjects", "usage_totals", "usage_uniques"]
    )


def _usage_meters() -> None:
    op.create_table(
        "usage_meters",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("event_type", sa.Text, nullable=False),
        sa.Column("definition", JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "slug", "version", name=op.f("pk_usage_meters")),
    )


def _usage_periods() -> None:
    op.create_table(
        "usage_periods",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("period_id", sa.Uuid, nullable=False),
        sa.Column("subscription_id", sa.Uuid, nullable=False),
        sa.Column("customer_id", sa.Uuid, nullable=False),
        sa.Column("subjects", ARRAY(sa.Text), nullable=False),
        sa.Column("charge", sa.Text, nullable=False),
        sa.Column("meter", sa.Text, nullable=False),
        sa.Column("meter_version", sa.Integer, nullable=False),
        sa.Column("group_by", ARRAY(sa.Text), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "period_id", name=op.f("pk_usage_periods")),
    )


def _indexes_of_usage_periods() -> None:
    op.create_index("ix_usage_periods_due", "usage_periods", ["closes_at"], postgresql_where="status = 'open'")
    op.create_index(
        "ix_usage_periods_due_of_tenant",
        "usage_periods",
        ["tenant_id", "closes_at"],
        postgresql_where="status = 'open'",
    )
    op.create_index(
        op.f("ix_usage_periods_tenant_id_subscription_id_starts_at"),
        "usage_periods",
        ["tenant_id", "subscription_id", "starts_at"],
    )


def _usage_period_subjects() -> None:
    op.create_table(
        "usage_period_subjects",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("period_id", sa.Uuid, nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "subject", "period_id", name=op.f("pk_usage_period_subjects")),
    )
    op.create_index(
        op.f("ix_usage_period_subjects_tenant_id_subject_ends_at"),
        "usage_period_subjects",
        ["tenant_id", "subject", "ends_at"],
    )


def _usage_totals() -> None:
    op.create_table(
        "usage_totals",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("period_id", sa.Uuid, nullable=False),
        sa.Column("group_key", sa.Text, nullable=False),
        sa.Column("quantity", sa.Numeric, nullable=False),
        sa.Column("event_count", sa.BigInteger, nullable=False),
        sa.Column("key_sum", sa.Numeric(precision=39, scale=0), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "period_id", "group_key", name=op.f("pk_usage_totals")),
    )


def _usage_uniques() -> None:
    op.create_table(
        "usage_uniques",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("period_id", sa.Uuid, nullable=False),
        sa.Column("group_key", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "period_id", "group_key", "value", name=op.f("pk_usage_uniques")),
    )
