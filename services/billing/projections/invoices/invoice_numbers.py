"""The counters that numbers come from: one row for each legal entity and series, counted up by what was issued."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from services.billing.domain.invoice.commands import Number
from services.billing.domain.invoice.events import CreditNoteIssued, InvoiceIssued
from services.billing.domain.top_up.events import CreditPurchased, Receipt
from shared.event_store import Recorded
from shared.statements import Insertion, run, write_rows
from shared.unit_of_work import UnitOfWork

CREDIT_NOTES, RECEIPTS = "-CN", "-RC"  # behind the name of the series of invoices

_COUNT = Insertion(
    "number_counters",
    {"tenant_id": "uuid", "legal_entity": "text", "series": "text", "last_number": "bigint"},
    "ON CONFLICT (tenant_id, legal_entity, series) DO UPDATE SET last_number = excluded.last_number",
)


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    used = ((entry.tenant_id, _used(entry)) for entry in recorded)
    last = {(tenant_id, each.legal_entity, each.series): each.sequence for tenant_id, each in used if each is not None}
    write_rows(tx, _COUNT, [dict(zip(_COUNT.columns, (*key, number), strict=True)) for key, number in last.items()])


def _used(entry: Recorded) -> InvoiceIssued | CreditNoteIssued | Receipt | None:
    """What has the number that an event tells, if it does."""
    match entry.event:
        case InvoiceIssued() | CreditNoteIssued():
            return entry.event
        case CreditPurchased(receipt=receipt):
            return receipt
        case _:
            return None


def next_number(unit: UnitOfWork, legal_entity: str, series: str) -> Number:
    """Others wait for their number until the transaction ends: numbers have no gap, and what takes none leaves no trace.

    The counter is asked for the first time only: what has been numbered since it was last written is pending in the same
    transaction, and need not be written for the question.
    """
    kept, counter = unit.session.kept, ("number", unit.tenant_id, legal_entity, series)
    given: _Given | None = kept.get(counter)
    if given is None or given.pending is not unit.session.pending:
        given = kept[counter] = _Given(_last(unit, legal_entity, series), unit.session.pending, 0)
    last = given.last_by_now(unit.tenant_id, legal_entity, series)
    kept[counter] = _Given(last, given.pending, len(given.pending))
    return Number(legal_entity=legal_entity, series=series, sequence=last + 1)


@dataclass(frozen=True, slots=True)
class _Given:
    """The last number that was used, when the next one was given: what follows in `pending` may have used more."""

    last: int
    pending: list[Recorded]
    place: int

    def last_by_now(self, tenant_id: UUID, legal_entity: str, series: str) -> int:
        pending = (_used(entry) for entry in self.pending[self.place :] if entry.tenant_id == tenant_id)
        used = [each for each in pending if each is not None]
        mine = (each.sequence for each in used if (each.legal_entity, each.series) == (legal_entity, series))
        return max(mine, default=self.last)


def _last(unit: UnitOfWork, legal_entity: str, series: str) -> int:
    where, tx = {"tenant": unit.tenant_id, "legal_entity": legal_entity, "series": series}, unit.session.connection
    run(tx, _LOCK, where)
    (last,) = next(run(tx, _LAST, where))
    return int(last)


# A lock by name, because the first number of a series has no row that could be locked.
_LOCK = """
SELECT pg_advisory_xact_lock(hashtextextended(
    jsonb_build_array(%(tenant)s::uuid, %(legal_entity)s::text, %(series)s::text)::text, 17))"""

_LAST = """
SELECT coalesce(max(last_number), 0) FROM number_counters
WHERE tenant_id = %(tenant)s AND legal_entity = %(legal_entity)s AND series = %(series)s"""
