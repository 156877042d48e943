"""Which accounts there are, by the external id that applications use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from services.entitlement.domain.known_account import KNOWN_ACCOUNT, AccountLearned
from services.entitlement.tables import accounts
from shared.event_store import Recorded
from shared.statements import write
from shared.unit_of_work import UnitOfWork

_upsert = insert(accounts)
_upsert = _upsert.on_conflict_do_update(
    index_elements=["tenant_id", "customer_id"],
    set_={"key": _upsert.excluded.key, "version": _upsert.excluded.version},
)


@dataclass(frozen=True, slots=True)
class KnownAccount:
    customer_id: UUID
    version: int


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    for entry in recorded:
        if isinstance(entry.event, AccountLearned):
            row = {"customer_id": entry.event.account.customer_id, "key": entry.event.account.key}
            write(tx, _upsert, row | {"tenant_id": entry.tenant_id, "version": entry.version})


def find(unit: UnitOfWork, key: str) -> KnownAccount | None:
    wanted = select(accounts).where(accounts.c.tenant_id == unit.tenant_id, accounts.c.key == key)
    row = unit.tx.execute(wanted).first()
    return None if row is None else KnownAccount(row.customer_id, row.version)


def find_as_known_at(unit: UnitOfWork, key: str, instant: datetime) -> KnownAccount | None:
    found = find(unit, key)
    if found is None:
        return None
    known = unit.history(KNOWN_ACCOUNT, found.customer_id, known_at=instant)
    return KnownAccount(found.customer_id, known[-1].version) if known else None
