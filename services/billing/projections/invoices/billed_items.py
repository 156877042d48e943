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
    """Of a subscription, in the words of the rows. Only of one that `is_whole` they say everything: the release before wrote
    less, and what people changed of drafts is in the log."""

    is_whole: bool
    flat: Sequence[str] = ()
    one_offs: Sequence[str] = ()
    metered: list[tuple[str, int, int, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class BilledItems:
    """Of any number of subscriptions. The flat items of a day are mostly those of another contract, too: `known` has them by
    their words."""

    known: dict[str, tuple[FlatItem, ...]] = field(default_factory=dict)

    def of(self, unit: UnitOfWork, ids: Sequence[UUID], days: Days) -> dict[UUID, Billed]:
        """Those of the subscriptions that have bills on these days."""
        where = {"tenant": unit.tenant_id, "ids": list(ids), "start": days.start, "end": days.end}
        edited = {row[0] for row in run(unit.tx, _EDITED, where)}
        found = {
            id_: Billed(is_whole and id_ not in edited, flat or (), one_offs or ())
            for id_, is_whole, flat, one_offs in run(unit.tx, _FIXED, where)
        }
        for id_, is_whole, *metered in run(unit.tx, _METERED, where):
            billed = found.setdefault(id_, Billed(False))
            billed.is_whole &= is_whole
            billed.metered.append(tuple(metered))
        return found

    def items(self, billed: Billed) -> Items:
        """Of one that is whole."""
        return Items(
            flat=[item for words in billed.flat for item in self._flat(words)],
            one_offs=[item for words in billed.one_offs for item in _ONE_OFFS.decode(words)],
            metered=[_metered(*each) for each in billed.metered],
        )

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

# A bill that does not wait is drafted. Invoices are asked for those that were given up, which are few.
_FIXED = """
SELECT b.subscription_id, bool_and(b.flat IS NOT NULL), array_agg(b.flat::text) FILTER (WHERE b.flat <> '[]'),
       array_agg(b.one_offs::text) FILTER (WHERE b.one_offs <> '[]')
FROM contract_bills b LEFT JOIN invoice_parts p ON p.tenant_id = b.tenant_id AND p.bill_id = b.invoice_id
WHERE b.tenant_id = %(tenant)s AND b.subscription_id = ANY(%(ids)s)
  AND (b.billing_on IS NULL OR b.billing_on >= %(start)s AND b.billing_on < %(end)s)
  AND NOT EXISTS (SELECT FROM waiting_bills w WHERE w.tenant_id = %(tenant)s AND w.invoice_id = b.invoice_id)
  AND NOT EXISTS (SELECT FROM invoices i WHERE i.tenant_id = %(tenant)s
                  AND i.invoice_id = COALESCE(p.invoice_id, b.invoice_id) AND i.status IN ('discarded', 'voided'))
GROUP BY b.subscription_id"""

_METERED = """
SELECT u.subscription_id, bool_and(u.totals IS NOT NULL AND u.billed_on IS NOT NULL AND u.term_number IS NOT NULL),
       u.charge, u.term_number, u.amendment, string_agg(u.totals::text, ',')
FROM usage_periods u
WHERE u.tenant_id = %(tenant)s AND u.subscription_id = ANY(%(ids)s) AND u.invoice_id IS NOT NULL
  AND (u.billed_on IS NULL OR u.billed_on >= %(start)s AND u.billed_on < %(end)s)
  AND NOT EXISTS (SELECT FROM invoices i WHERE i.tenant_id = %(tenant)s
                  AND i.invoice_id = u.invoice_id AND i.status IN ('discarded', 'voided'))
GROUP BY u.subscription_id, u.charge, u.term_number, u.amendment"""
