"""What was billed on days of the past, as rows: items and totals without the bills that they are on, drafted and not voided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import msgspec

from services.billing.domain.agreed_one_off import OneOffItem
from services.billing.domain.invoice.amounts import Items, Metered
from services.billing.domain.invoice.tariff import GroupTotals
from services.billing.domain.subscription.events import FlatItem
from shared.periods import Days
from shared.statements import run
from shared.unit_of_work import UnitOfWork


@dataclass(slots=True)
class Billed:
    """Of a subscription. Only of one that `is_whole` the rows say everything: the release before wrote less, and what people
    changed of drafts is in the log."""

    is_whole: bool
    flat: list[FlatItem] = field(default_factory=list)
    one_offs: list[OneOffItem] = field(default_factory=list)
    metered: list[Metered] = field(default_factory=list)

    @property
    def items(self) -> Items:
        return Items(flat=self.flat, one_offs=self.one_offs, metered=self.metered)


@dataclass(frozen=True, slots=True)
class BilledItems:
    """Of any number of subscriptions. The flat items of a day are mostly those of another contract, too: `known` has them by
    their words."""

    known: dict[str, tuple[FlatItem, ...]] = field(default_factory=dict)

    def of(self, unit: UnitOfWork, ids: Sequence[UUID], days: Days) -> dict[UUID, Billed]:
        """Those of the subscriptions that have bills on these days."""
        where = {"tenant": unit.tenant_id, "ids": list(ids), "start": days.start, "end": days.end}
        edited = {row[0] for row in run(unit.tx, _EDITED, where)}
        found: dict[UUID, Billed] = {}
        for id_, is_whole, flat, one_offs, *metered in run(unit.tx, _BILLED, where):
            billed = found.setdefault(id_, Billed(id_ not in edited))
            billed.is_whole &= is_whole
            if metered[-1] is not None:
                billed.metered.append(_metered(*metered))
            billed.flat += (item for words in flat or () for item in self._flat(words))
            billed.one_offs += (item for words in one_offs or () for item in _ONE_OFFS.decode(words))
        return found

    def _flat(self, words: str) -> tuple[FlatItem, ...]:
        found = self.known.get(words)
        if found is None:
            found = self.known[words] = _FLAT.decode(words)
        return found


def _metered(charge: str, term_number: int, amendment: int, totals: str) -> Metered:
    told = _TOTALS.decode(f"[{totals}]")
    return Metered(charge=charge, term_number=term_number, amendment=amendment, totals=told)


_TOTALS = msgspec.json.Decoder(list[GroupTotals])
_FLAT = msgspec.json.Decoder(tuple[FlatItem, ...])
_ONE_OFFS = msgspec.json.Decoder(tuple[OneOffItem, ...])

_EDITED = """
SELECT DISTINCT subscription_id FROM invoices
WHERE tenant_id = %(tenant)s AND subscription_id = ANY(%(ids)s) AND document -> 'edits' <> '[]'"""

# The bills with the invoices that they are on; then what no meter tells of them, and the totals of each charge.
_BILLED = """
WITH billed AS MATERIALIZED (
  SELECT b.subscription_id, i.invoice_id, b.flat, b.one_offs
  FROM contract_bills b
  LEFT JOIN invoice_parts p ON p.tenant_id = b.tenant_id AND p.bill_id = b.invoice_id
  JOIN invoices i ON i.tenant_id = b.tenant_id AND i.invoice_id = COALESCE(p.invoice_id, b.invoice_id)
  WHERE b.tenant_id = %(tenant)s AND b.subscription_id = ANY(%(ids)s) AND i.status NOT IN ('discarded', 'voided')
    AND (b.billing_on IS NULL OR b.billing_on >= %(start)s AND b.billing_on < %(end)s))
SELECT subscription_id, bool_and(flat IS NOT NULL), array_agg(flat::text) FILTER (WHERE flat <> '[]'),
       array_agg(one_offs::text) FILTER (WHERE one_offs <> '[]'), NULL, NULL, NULL, NULL
FROM billed GROUP BY subscription_id
UNION ALL
SELECT u.subscription_id, bool_and(u.totals IS NOT NULL AND u.term_number IS NOT NULL), NULL, NULL,
       u.charge, u.term_number, u.amendment, string_agg(u.totals::text, ',')
FROM usage_periods u
JOIN (SELECT DISTINCT subscription_id, invoice_id FROM billed) AS on_invoice USING (subscription_id, invoice_id)
WHERE u.tenant_id = %(tenant)s AND u.subscription_id = ANY(%(ids)s)
GROUP BY u.subscription_id, u.term_number, u.amendment, u.charge"""
