"""Every version of every meter, and which one is current."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec
from sqlalchemy import Connection

from services.usage.domain.meter import MeterDefined, MeterDefinition, MeterNotFound, MeterRevised
from shared.event_store import Recorded


@dataclass(frozen=True, slots=True)
class MeterVersion:
    slug: str
    version: int
    definition: MeterDefinition


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    for entry in recorded:
        match entry.event:
            case MeterDefined(slug=slug, definition=definition):
                _add(tx, entry.tenant_id, slug, 1, definition)
            case MeterRevised(slug=slug, version=version, definition=definition):
                _add(tx, entry.tenant_id, slug, version, definition)


def _add(tx: Connection, tenant_id: UUID, slug: str, version: int, definition: MeterDefinition) -> None:
    row = {
        "tenant": tenant_id,
        "slug": slug,
        "version": version,
        "event_type": definition.event_type,
        "definition": msgspec.json.encode(definition).decode(),
    }
    tx.exec_driver_sql(_ADD, row)


def current(tx: Connection, tenant_id: UUID, slug: str) -> MeterVersion:
    """Raises MeterNotFound."""
    row = tx.exec_driver_sql(_CURRENT, {"tenant": tenant_id, "slug": slug}).first()
    if row is None:
        raise MeterNotFound(f"there is no meter {slug!r}: define it", field="/meter")
    return MeterVersion(slug, row.version, msgspec.json.decode(row.definition, type=MeterDefinition))


def every(tx: Connection, tenant_id: UUID, *, after: str = "", limit: int = 100) -> list[MeterVersion]:
    """The current version of each meter, by slug."""
    rows = tx.exec_driver_sql(_EVERY, {"tenant": tenant_id, "after": after, "limit": limit})
    return [
        MeterVersion(row.slug, row.version, msgspec.json.decode(row.definition, type=MeterDefinition)) for row in rows
    ]


_ADD = """
INSERT INTO usage_meters (tenant_id, slug, version, event_type, definition)
VALUES (%(tenant)s, %(slug)s, %(version)s, %(event_type)s, %(definition)s)"""

_CURRENT = """
SELECT version, definition::text AS definition FROM usage_meters
WHERE tenant_id = %(tenant)s AND slug = %(slug)s ORDER BY version DESC LIMIT 1"""

_EVERY = """
SELECT DISTINCT ON (slug) slug, version, definition::text AS definition FROM usage_meters
WHERE tenant_id = %(tenant)s AND slug > %(after)s ORDER BY slug, version DESC LIMIT %(limit)s"""
