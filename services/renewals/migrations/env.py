"""Alembic's entry: the tables of renewals."""

from services.renewals.tables import metadata
from shared.migrations import run

run(metadata)
