"""A period that ends earlier than was asked for: it is counted again, and events that no period counts any more are listed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from services.usage.domain.tally import PeriodTally
from services.usage.metering.counts import Counts
from services.usage.metering.locks import take_periods
from services.usage.metering.period_counts import count_stored
from services.usage.metering.periods import StoredPeriod, of_period, seen, stored_period, tally
from services.usage.metering.stored_events import Range, StoredEvent, pages
from services.usage.metering.totals import Totals, replace_totals, totals_of
from services.usage.metering.watches import PeriodKey, Watches


def shorten_period(tx: Connection, key: PeriodKey, ends_at: datetime) -> Totals:
    """The totals up to the new end, which is not before the start.

    The caller appends what happened in this transaction. Raises PeriodNotFound.
    """
    take_periods(tx, key.tenant_id)
    old = stored_period(tx, key)
    period = PeriodTally(old.meter, old.range.starts_at, ends_at)
    received = 0
    for page in pages(tx, seen(key.tenant_id, old.range.subjects, period)):
        tally(period, key.tenant_id, page)
        received += of_period(period, page)
    replace_totals(tx, key, period)
    count_stored(tx, key, period, old.range.subjects or (), received)
    _list_the_rest(tx, key, old, ends_at)
    return totals_of(tx, [key])[key]


def _list_the_rest(tx: Connection, key: PeriodKey, old: StoredPeriod, ends_at: datetime) -> None:
    counts = Counts()
    for page in pages(tx, replace(old.range, starts_at=ends_at)):
        lost = list(_lost(tx, key, old.range, [event for event in page if old.meter.matches(event.data)]))
        rows = [
            {"tenant_id": key.tenant_id, "position": event.place.position, "type": old.range.type}
            | {"subject": event.subject, "time": event.place.time}
            for event in lost
        ]
        tx.exec_driver_sql(_UNMATCHED, {"rows": msgspec.json.encode(rows).decode()})
        counts.move(key.tenant_id, (event.place.time for event in lost), source="metered", target="unmatched")
    counts.save(tx)


def _lost(tx: Connection, key: PeriodKey, range_: Range, events: list[StoredEvent]) -> Iterator[StoredEvent]:
    """Those that no other period counts."""
    watches = Watches()
    watches.load(tx, ((key.tenant_id, event.subject, event.place.time) for event in events))
    for event in events:
        others = (w for w in watches.at(key.tenant_id, event.subject, range_.type) if w.key != key)
        if not any(w.tally.counts(event.place.time) and w.tally.meter.matches(event.data) for w in others):
            yield event


_UNMATCHED = """
INSERT INTO usage_unmatched (tenant_id, position, reason, type, subject, time)
SELECT tenant_id, position, 'no_period', type, subject, time FROM json_to_recordset(%(rows)s::json) AS row(
  tenant_id uuid, position bigint, type text, subject text, time timestamptz)
ON CONFLICT DO NOTHING"""
