"""Invoices as they were shown last: to show one again, while its row is the same, takes neither its document nor its text."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from threading import Lock
from uuid import UUID

from sqlalchemy import RowMapping

from services.billing.api.invoices.invoice_documents import Row, invoice_document
from services.billing.projections.invoices.invoices import of_ids
from shared.http.ready import Ready, Written
from shared.tenancy import Ask, asking_within
from shared.unit_of_work import UnitOfWork

KEPT_BYTES = 32 * 2**20


class ShownInvoices:
    """Of one process and all its tenants, for all its threads: up to `most_bytes` of JSON, without those that were not asked
    for the longest. Each is kept with the stamp that its row had, and what a tenant may see is found out before."""

    def __init__(self, most_bytes: int = KEPT_BYTES):
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[tuple[UUID, UUID], tuple[str, Written]] = OrderedDict()
        self._lock = Lock()

    def of_rows(self, unit: UnitOfWork, rows: Sequence[RowMapping]) -> Iterable[Written]:
        """Of a page of stamped rows, in their order."""
        stamps = {row["invoice_id"]: row["stamp"] for row in rows}
        return self.of(asking_within(unit.tx, unit.tenant_id), unit.tenant_id, stamps).values()

    def of(self, ask: Ask, tenant_id: UUID, stamps: Mapping[UUID, str]) -> dict[UUID, Written]:
        """In the order of their stamps, which were just read. What changed meanwhile is shown changed."""
        found = self._kept_of(tenant_id, stamps)
        missing = [id_ for id_ in stamps if id_ not in found]
        for row in of_ids(ask, missing) if missing else ():
            found[row["invoice_id"]] = self._keep(row)
        return {id_: found[id_] for id_ in stamps if id_ in found}

    def _kept_of(self, tenant_id: UUID, stamps: Mapping[UUID, str]) -> dict[UUID, Written]:
        found = {}
        with self._lock:
            for id_, stamp in stamps.items():
                kept = self._kept.get((tenant_id, id_))
                if kept and kept[0] == stamp:
                    found[id_] = kept[1]
                    self._kept.move_to_end((tenant_id, id_))
        return found

    def _keep(self, row: Row) -> Written:
        key, written = (row["tenant_id"], row["invoice_id"]), Written.of(Ready(invoice_document(row)))
        with self._lock:
            self._forget(key)
            self._kept[key] = row["stamp"], written
            self._bytes += len(written.json)
            while self._bytes > self._most_bytes:
                self._forget(next(iter(self._kept)))
        return written

    def _forget(self, key: tuple[UUID, UUID]) -> None:
        gone = self._kept.pop(key, None)
        if gone:
            self._bytes -= len(gone[1].json)
