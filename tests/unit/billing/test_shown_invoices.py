"""What was shown is shown again while its row is the same, and never to another tenant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from services.billing.api.invoices.shown_invoices import ShownInvoices
from services.billing.projections.invoices.invoices import stamps_of
from services.billing.tables import invoices
from shared.statements import Parameters
from tests.unit.billing.test_invoice_documents import STORED, row_of

TENANTS = UUID(int=1), UUID(int=2)
IDS = UUID(int=7), UUID(int=8), UUID(int=9)
COLUMNS = [column.name for column in invoices.columns if column.name != "document"]


@dataclass
class Rows:
    """The invoices of one tenant: how often each was written, and which documents were asked for."""

    tenant_id: UUID
    written: dict[UUID, int] = field(default_factory=dict)
    read: list[UUID] = field(default_factory=list)

    def __call__(self, question: str, parameters: Parameters) -> Iterator[tuple[Any, ...]]:
        for id_ in parameters["ids"]:
            if id_ in self.written:
                yield self._document(id_) if "document" in question else (id_, self._stamp(id_))

    def _document(self, id_: UUID) -> tuple[Any, ...]:
        self.read.append(id_)
        text = msgspec.json.encode(STORED | {"legal_entity": f"{self.tenant_id}"}).decode()
        row = row_of(text) | {"tenant_id": self.tenant_id, "invoice_id": id_, "version": self.written[id_]}
        return (*(row[name] for name in COLUMNS), text, self._stamp(id_))

    def _stamp(self, id_: UUID) -> str:
        return f"{self.written[id_]}(0,1)"

    def shown_by(self, shown: ShownInvoices, *ids: UUID) -> list[tuple[str, int]]:
        """Whose each is, and how often it was written."""
        found = shown.of(self, self.tenant_id, stamps_of(self, ids)).values()
        documents = [msgspec.json.decode(each.json) for each in found]
        assert [each.version for each in found] == [document["version"] for document in documents]
        return [(document["legal_entity"], document["version"]) for document in documents]


def test_an_invoice_whose_row_is_the_same_is_not_read_again() -> None:
    shown, rows = ShownInvoices(), Rows(TENANTS[0], {IDS[0]: 1, IDS[1]: 1})
    assert rows.shown_by(shown, *IDS) == rows.shown_by(shown, *IDS) == [(str(TENANTS[0]), 1)] * 2
    rows.written[IDS[1]] = 2
    assert rows.shown_by(shown, IDS[1], IDS[0]) == [(str(TENANTS[0]), 2), (str(TENANTS[0]), 1)]
    assert rows.read == [IDS[0], IDS[1], IDS[1]]


def test_what_is_gone_before_it_is_read_is_left_out() -> None:
    rows = Rows(TENANTS[0], {IDS[0]: 1})
    stamps = dict.fromkeys(IDS, "1(0,1)")
    assert list(ShownInvoices().of(rows, TENANTS[0], stamps)) == [IDS[0]]


def test_what_was_not_asked_for_the_longest_is_forgotten_first() -> None:
    rows = Rows(TENANTS[0], dict.fromkeys(IDS, 1))
    [size] = [len(each.json) for each in ShownInvoices().of(rows, TENANTS[0], stamps_of(rows, IDS[:1])).values()]
    rows.read.clear()
    shown = ShownInvoices(most_bytes=2 * size)
    for id_ in (IDS[0], IDS[1], IDS[0], IDS[2], IDS[0], IDS[1]):
        rows.shown_by(shown, id_)
    assert rows.read == [IDS[0], IDS[1], IDS[2], IDS[1]]


@given(
    st.lists(st.tuples(st.sampled_from(TENANTS), st.sampled_from(IDS), st.booleans())),
    st.sampled_from([0, 3_000, 10_000, 10**6]),
)
def test_everybody_is_shown_what_is_theirs_as_it_is(steps: list[tuple[UUID, UUID, bool]], most_bytes: int) -> None:
    shown, all_rows = ShownInvoices(most_bytes), {tenant: Rows(tenant) for tenant in TENANTS}
    for tenant, id_, is_written in steps:
        rows = all_rows[tenant]
        if is_written:
            rows.written[id_] = rows.written.get(id_, 0) + 1
        assert rows.shown_by(shown, *IDS) == [(str(tenant), rows.written[each]) for each in IDS if each in rows.written]
