"""Alembic's entry: the tables of entitlement."""

from services.entitlement.tables import metadata
from shared.migrations import run

run(metadata)
