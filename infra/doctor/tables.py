"""Are the tables those that this version of the code knows? If not, migrations are behind, or the code is."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

from sqlalchemy import MetaData

from infra.doctor.findings import Finding, judged
from infra.doctor.installation import Service


def as_the_code_knows_them(service: Service) -> Iterator[Finding]:
    metadata: MetaData = importlib.import_module(f"services.{service.name}.tables").metadata
    known = {(table.name, column.name) for table in metadata.tables.values() for column in table.columns}
    with service.connected("worker") as tx:
        there = {(row.table, row.column) for row in tx.exec_driver_sql(_COLUMNS)}
    missing = sorted({table for table, _ in known - there})
    said = f"behind in: {', '.join(missing)}" if missing else f"{len(metadata.tables)} tables as the code knows them"
    command = f"alembic -c services/{service.name}/migrations/alembic.ini upgrade head"
    yield judged("tables", service.name, said, f"{command}, with the owner's role", is_well=not missing)


# The catalogue tells everybody, whatever they may read of the tables.
_COLUMNS = """
SELECT c.relname AS table, a.attname AS column FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped"""
