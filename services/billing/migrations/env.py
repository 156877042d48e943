"""Alembic's entry: the tables of billing."""

from services.billing.tables import metadata
from shared.migrations import run

run(metadata)
