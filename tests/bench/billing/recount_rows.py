"""What stands behind a line of an invoice: a usage period of 100,000 events, counted again from the events themselves."""

from __future__ import annotations

import time
from uuid import uuid4

from infra.local.databases import Urls
from services.usage.domain.backfill import CommitBackfill
from services.usage.metering.periods import recount
from services.usage.metering.watches import PeriodKey
from tests.bench.backfill import ROWS, BackfillingTenant


class CountedOtherwise(Exception):
    """The events come to something else than the totals."""


def recounted(urls: Urls, repeats: int) -> list[float]:
    """Milliseconds of each recount, of one customer's period."""
    tenant = BackfillingTenant(urls, uuid4(), subjects=1)
    try:
        tenant.prepare()
        tenant.load()
        tenant.ask()
        tenant.preview()
        tenant.decide(CommitBackfill(rows=ROWS))
        tenant.commit()
        return [_milliseconds(tenant) for _ in range(repeats)]
    finally:
        tenant.close()


def _milliseconds(tenant: BackfillingTenant) -> float:
    key = PeriodKey(tenant.key.tenant_id, tenant.periods[0].period_id)
    began = time.perf_counter()
    with tenant.worker.begin() as tx:
        counted = recount(tx, key)
    took = time.perf_counter() - began
    if counted.differs or sum(total.count for total in counted.after) != ROWS:
        raise CountedOtherwise(f"{ROWS} events: {counted}")
    return took * 1000
