"""A period that ends earlier than was asked for: it is counted again, and events that no period counts any more are listed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from services.usage.domain.tally import PeriodTally
from services.usage.metering.counts import Counts
from services.usage.metering.leaving import list_left
from services.usage.metering.locks import take_periods
from services.usage.metering.period_counts import count_stored
from services.usage.metering.periods import of_period, seen, stored_period, tally
from services.usage.metering.stored_events import pages
from services.usage.metering.totals import Totals, replace_totals, totals_of
from services.usage.metering.watches import PeriodKey


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
    counts = Counts()
    list_left(tx, counts, key, replace(old.range, starts_at=ends_at), lambda event: old.meter.matches(event.data))
    counts.save(tx)
    return totals_of(tx, [key])[key]
