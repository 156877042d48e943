"""Brings an archived month back for a proof, if its file is what was archived, to the row."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine

from services.usage.domain.event_key import event_key
from services.usage.domain.values import decode_exactly
from services.usage.files.archive_file import Event, Manifest, check, read
from services.usage.metering import archives, restores
from services.usage.metering.stage import payload_hash
from shared.errors import DomainError

Say = Callable[[str], None]


class NotArchived(DomainError):
    """There is nothing to restore."""


@dataclass(frozen=True, slots=True)
class Restoring:
    """With the owner's role. A tenant's month comes back whole, or not at all."""

    engine: Engine
    directory: Path
    say: Say

    def restore(self, month: date, tenant_id: UUID | None = None) -> None:
        """Raises NotArchived, DamagedArchive."""
        with self.engine.begin() as tx:
            noted = [_manifest(row) for row in archives.noted(tx, month, tenant_id)]
        if not noted:
            raise NotArchived(f"nothing of {month:%Y-%m} is archived")
        for each in noted:
            check(self.directory, each)
        for each in noted:
            with self.engine.begin() as tx:
                self._restore(tx, each)
            self.say(f"{each.month:%Y-%m} {each.tenant} {each.count:>9} {each.digest} restored")

    def _restore(self, tx: Connection, noted: Manifest) -> None:
        """Its keys too, where they were forgotten: what came under one of them meanwhile keeps it."""
        if archives.forget_note(tx, noted.tenant, noted.month):
            restores.make_month(tx, noted.month)
            restores.load_events(tx, noted.tenant, read(self.directory / noted.file))
            restores.load_keys(tx, noted.tenant, _keyed(noted.tenant, read(self.directory / noted.file)))


def _keyed(tenant_id: UUID, events: Iterable[Event]) -> Iterable[restores.Keyed]:
    for position, source, id_, type_, subject, _, data, _, received_at in events:
        payload = payload_hash(type_, subject, decode_exactly(data.encode()))
        yield event_key(tenant_id, source, id_), payload, position, received_at


def _manifest(row: Any) -> Manifest:
    return Manifest(
        month=row.month,
        tenant=row.tenant_id,
        count=row.count,
        digest=row.digest,
        types=list(row.types),
        first_event_at=row.first_event_at,
        last_event_at=row.last_event_at,
        file=row.file,
        sha256=row.sha256,
    )
