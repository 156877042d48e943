"""Alembic's entry: the tables of usage."""

from services.usage.tables import metadata
from shared.migrations import run

run(metadata)
