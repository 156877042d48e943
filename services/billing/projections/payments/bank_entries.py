"""Entries of bank statements: those that were matched, and those that wait for a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Select, bindparam, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from services.billing.domain.bank_entry import (
    BankEntryImported,
    BankEntryMatched,
    BankEntrySetAside,
    EntryNotFound,
)
from services.billing.tables import bank_entries
from shared.event_store import Recorded
from shared.statements import write
from shared.unit_of_work import UnitOfWork

_insert = insert(bank_entries).on_conflict_do_nothing()


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    for entry in recorded:
        match entry.event:
            case BankEntryImported():
                write(tx, _insert, _row(entry, entry.event))
            case BankEntryMatched(match=found, payment_id=payment_id):
                told = {"match": msgspec.to_builtins(found), "payment_id": str(payment_id), "suggestion": None}
                _change(tx, entry, "matched", told)
            case BankEntrySetAside(reason=reason):
                _change(tx, entry, "set_aside", {"reason": reason})


def _row(entry: Recorded, event: BankEntryImported) -> dict[str, Any]:
    told = event.entry
    return {
        "tenant_id": entry.tenant_id,
        "entry_id": entry.stream_id,
        "statement": told.statement,
        "account": told.account,
        "status": event.status,
        "version": entry.version,
        "entry": msgspec.to_builtins(told)
        | {"suggestion": msgspec.to_builtins(event.suggestion), "match": None, "payment_id": None, "reason": None},
    }


def _change(tx: Connection, entry: Recorded, status: str, told: dict[str, Any]) -> None:
    mine = (bank_entries.c.tenant_id == entry.tenant_id, bank_entries.c.entry_id == entry.stream_id)
    document = bank_entries.c.entry.op("||")(bindparam(None, told, JSONB))
    tx.execute(update(bank_entries).where(*mine).values(status=status, version=entry.version, entry=document))


def of_tenant(
    unit: UnitOfWork, *, status: str | None = None, statement: str | None = None, account: str | None = None
) -> Select[Any]:
    wanted = {bank_entries.c.status: status, bank_entries.c.statement: statement, bank_entries.c.account: account}
    mine = select(bank_entries).where(bank_entries.c.tenant_id == unit.tenant_id)
    return mine.where(*(column == value for column, value in wanted.items() if value is not None))


def get(unit: UnitOfWork, entry_id: UUID) -> dict[str, Any]:
    row = unit.tx.execute(of_tenant(unit).where(bank_entries.c.entry_id == entry_id)).mappings().first()
    if row is None:
        raise EntryNotFound("no such entry")
    return dict(row)
