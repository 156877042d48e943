"""The books of the year of the airlines, asked of billing's API after its last day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import httpx

# The contracts were accepted before the year began, and renewed before it was over.
MONTHS = [f"{year}-{month:02d}" for year in (2012, 2013, 2014) for month in range(1, 13)]
AFTER = "2014-12-31"


def check(url: str, token: str) -> None:
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as billing:
        _check_balances(billing)
        _check_months(billing)


def _check_balances(billing: httpx.Client) -> None:
    """Debits equal credits, what is owed is what is open, and tax and revenue are those of the invoices."""
    invoices = list(_all(billing, "/v1/invoices"))
    notes = [note for invoice in invoices for note in invoice["credit_notes"]]
    tax = _sum(invoices, "tax_minor") - _sum(notes, "tax_minor")
    total = _sum(invoices, "total_minor") - _sum(notes, "amount_minor")
    balances: Counter[str] = Counter()
    for balance in _get(billing, "/v1/ledger/balances", at=AFTER)["balances"]:
        balances[balance["account"]] += balance["balance_minor"]
    assert sum(balances.values()) == 0
    assert balances["receivables"] == _sum(invoices, "open_minor")
    assert balances["customer_credit"] == -_sum(invoices, "refundable_minor")
    assert balances["tax_payable"] == -tax
    assert balances["revenue"] == tax - total
    assert balances["cash"] == _sum(_all(billing, "/v1/payments"), "amount_minor")
    assert balances["deferred_revenue"] == 0


def _check_months(billing: httpx.Client) -> None:
    """Every month closes; what is deferred goes on from one to the next, and what was agreed is billed or to come."""
    deferred, forecast, booked = 0, 0, 0
    for month in MONTHS:
        told = _get(billing, "/v1/reconciliation", period=month)
        assert (told["closes"], told["off"]) == (True, []), month
        found: Counter[str] = Counter()
        for revenue in _get(billing, "/v1/revenue/mapping", period=month)["classes"]:
            found.update({name: value for name, value in revenue.items() if name.endswith("_minor")})
        assert found["deferred_before_minor"] == deferred
        deferred = deferred + found["billed_minor"] - found["recognised_minor"]
        assert found["deferred_minor"] == deferred
        booked, forecast = booked + found["booked_minor"], found["forecast_minor"]
    assert booked == forecast + sum(_flat_lines(billing))


def _sum(documents: Iterable[dict[str, Any]], name: str) -> int:
    return sum(document[name] for document in documents)


def _flat_lines(billing: httpx.Client) -> Iterator[int]:
    for invoice in _all(billing, "/v1/invoices"):
        yield from (line["amount_minor"] for line in invoice["lines"] if line["kind"] == "flat")


def _all(billing: httpx.Client, path: str) -> Iterator[dict[str, Any]]:
    cursor: str | None = None
    while True:
        page = _get(billing, path, limit=500, **({"cursor": cursor} if cursor else {}))
        yield from page["items"]
        if not (cursor := page["next_cursor"]):
            return


def _get(billing: httpx.Client, path: str, **parameters: Any) -> dict[str, Any]:
    answer = billing.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told
