"""The counters that numbers come from: one row for each legal entity and series, counted up by what was issued."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from services.billing.domain.invoice.commands import Number
from services.billing.domain.invoice.events import CreditNoteIssued, InvoiceIssued
from services.billing.tables import number_counters as counters
from shared.event_store import Recorded
from shared.statements import write
from shared.unit_of_work import UnitOfWork

CREDIT_NOTES = "-CN"  # behind the name of the series of invoices

_count = insert(counters)
_count = _count.on_conflict_do_update(
    index_elements=["tenant_id", "legal_entity", "series"], set_={"last_number": _count.excluded.last_number}
)


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
    """Others wait for their number until the transaction ends: numbers have no gap, and what takes none leaves no trace."""
    where = {"tenant": unit.tenant_id, "legal_entity": legal_entity, "series": series}
    unit.tx.exec_driver_sql(_LOCK, where)
    last: int = unit.tx.exec_driver_sql(_LAST, where).scalar_one()
    return Number(legal_entity=legal_entity, series=series, sequence=last + 1)


# A lock by name, because the first number of a series has no row that could be locked.
_LOCK = """
SELECT pg_advisory_xact_lock(hashtextextended(
    jsonb_build_array(%(tenant)s::uuid, %(legal_entity)s::text, %(series)s::text)::text, 17))"""

_LAST = """
SELECT coalesce(max(last_number), 0) FROM number_counters
WHERE tenant_id = %(tenant)s AND legal_entity = %(legal_entity)s AND series = %(series)s"""
