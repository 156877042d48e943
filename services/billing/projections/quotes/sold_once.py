"""What quotes without lines came to: sold once, and in the terms of no subscription."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

from services.billing.domain.agreed_one_off import AgreedOneOff, charged
from services.billing.domain.plan import RevenueClass
from shared.statements import run
from shared.unit_of_work import UnitOfWork

_items = msgspec.json.Decoder(tuple[AgreedOneOff, ...])


def accepted_between(unit: UnitOfWork, start: datetime, end: datetime) -> Iterator[tuple[str, RevenueClass, int]]:
    """Each one-off by currency and revenue class, net in minor units, of quotes accepted from `start` up to, not including,
    `end`; as it was accepted, whatever became of its invoice."""
    where = {"tenant": unit.tenant_id, "start": start, "end": end}
    for currency, items in run(unit.tx, _ACCEPTED, where):
        for agreed in _items.decode(items):
            yield currency, agreed.revenue_class, charged(agreed, currency).net.minor


# Behind OFFSET 0 the document of a quote is taken apart once.
_ACCEPTED = """
SELECT quote->'deal'->'party'->>'currency', found.version->'one_offs'->>'items'
FROM quotes, LATERAL (SELECT quote->'versions'->(quote->>'version') AS version,
  (quote->'acceptance'->>'accepted_at')::timestamptz AS accepted_at OFFSET 0) AS found
WHERE tenant_id = %(tenant)s AND status = 'accepted' AND purpose = 'new' AND subscription_id IS NULL
  AND found.accepted_at >= %(start)s AND found.accepted_at < %(end)s AND found.version->'lines' = '[]'"""
