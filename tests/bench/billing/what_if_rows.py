"""One question about other prices, over a year of a tenant with nothing else: period totals a second, each priced twice."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.bench.billing.copies import multiply
from tests.bench.billing.seller import CHARGES, PLAN
from tests.bench.billing.stand import Stand

OF_A_YEAR = "bench-year"  # the tenant whose contracts have bills of twelve months
MONTHS = 12
ASKED = {
    "plan": PLAN.code,
    "prices": {"EUR": {code: {"price": {"model": "per_unit", "unit_amount": "0.02"}} for code in CHARGES}},
    "since": "2026-01",
    "until": "2027-01",
}


def totals_of(subscriptions: int) -> int:
    return subscriptions * MONTHS * len(CHARGES)


def asked(stand: Stand, subscriptions: int, copies: int, repeats: int) -> Iterator[list[float]]:
    """Totals a second, first of subscriptions that were sold and billed, then of so many times as many."""
    seller = stand.seller(OF_A_YEAR)
    seller.sell(subscriptions)
    seller.bill_year()
    yield _rates(stand, totals_of(subscriptions), repeats)
    multiply(seller, copies)
    yield _rates(stand, totals_of(subscriptions * copies), repeats)
    seller.close()


def _rates(stand: Stand, totals: int, repeats: int) -> list[float]:
    with _client(stand) as client:
        return [totals / _seconds(client, totals) for _ in range(repeats + 1)][1:]


def _seconds(client: httpx.Client, totals: int) -> float:
    began = time.perf_counter()
    (answer,) = client.post("/v1/what-if", json=ASKED).raise_for_status().json()["totals"]
    assert answer["usage_periods"] == totals
    return time.perf_counter() - began


@contextmanager
def _client(stand: Stand) -> Iterator[httpx.Client]:
    with stand.api() as port, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=600) as client:
        client.headers["Authorization"] = f"Bearer {stand.token_of(OF_A_YEAR)}"
        yield client
