"""The counters that numbers come from: one row for each legal entity and series, counted up by what was issued."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from services.billing.domain.invoice.commands import Number
from services.billing.domain.invoice.events import CreditNoteIssued, InvoiceIssued
from services.billing.tables import number_counters as counters
from shared.event_store import Recorded
from shared.statements import write
from shared.unit_of_work import UnitOfWork

_count = insert(counters)
_count = _count.on_conflict_do_update(
    index_elements=["tenant_id", "legal_entity", "series"], set_={"last_number": _count.excluded.last_number}
)
_begin = insert(counters).on_conflict_do_nothing()


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    for entry in recorded:
        if isinstance(entry.event, InvoiceIssued | CreditNoteIssued):
            row = {
                "tenant_id": entry.tenant_id,
                "legal_entity": entry.event.legal_entity,
                "series": entry.event.series,
                "last_number": entry.event.sequence,
            }
            write(tx, _count, row)


def next_number(unit: UnitOfWork, legal_entity: str, series: str) -> Number:
    """Locks the counter until the transaction ends: numbers have no gap, and a rollback takes none."""
    row = {"tenant_id": unit.tenant_id, "legal_entity": legal_entity, "series": series}
    unit.tx.execute(_begin, row | {"last_number": 0})
    mine = (counters.c[name] == value for name, value in row.items())
    last = unit.tx.execute(select(counters.c.last_number).where(*mine).with_for_update()).scalar_one()
    return Number(legal_entity=legal_entity, series=series, sequence=last + 1)
