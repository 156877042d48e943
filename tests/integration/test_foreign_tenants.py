"""What belongs to somebody else is not there: for every route of every service, and nothing of it is moved."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from tests.integration.request_parts import TRIALS
from tests.integration.requests_by_route import BY_OTHER_PROOF, Route, routes
from tests.integration.stocked import STOCK
from tests.support.house import Service

ASKS_THE_WORKER = {"/v1/test-clock", "/v1/completeness"}
# About the caller's own tenant, or made there under a name that another tenant may use as well.
OF_THE_CALLER = {
    *TRIALS,
    "GET /v1/bill-runs/{day}",
    "GET /v1/ledger/balances",
    "GET /v1/ledger/journal.csv",
    "GET /v1/ledger/journal.jsonl",
    "GET /v1/reconciliation",
    "GET /v1/revenue/mapping",
    "GET /v1/revenue/recurring",
    "GET /v1/revenue/unbilled",
    "GET /v1/settings",
    "GET /v1/test-clock",
    "GET /v1/reasons",
    "GET /v1/completeness",
    "GET /v1/payment-webhooks/{provider}",
    "GET /v1/metrics/cancellation-reasons",
    "GET /v1/metrics/renewals",
    "POST /v1/access/check",
    "POST /v1/accounting-periods/{month}/close",
    "POST /v1/backfills",
    "POST /v1/bank-statements",
    "POST /v1/events",
    "POST /v1/events/rejected/replay",
    "POST /v1/ledger/verify",
    "PUT /v1/coupons/{code}",
    "PUT /v1/customers/{external_id}",
    "PUT /v1/customers/{external_id}/budgets/{cost_centre}/{period}",
    "PUT /v1/customers/{external_id}/payment-profile",
    "PUT /v1/meters/{slug}",
    "PUT /v1/plans/{code}",
    "PUT /v1/policies/{code}",
    "PUT /v1/products/{code}",
    "PUT /v1/settings",
    "PUT /v1/tax-rates/{place}",
    "GET /v1/taxes",
    "GET /v1/taxes/report.csv",
    "PUT /v1/test-clock",
}


@pytest.mark.parametrize("name", STOCK)
def test_a_stranger_finds_and_moves_nothing(name: str, request: pytest.FixtureRequest, tenant: str) -> None:
    service: Service = request.getfixturevalue(name)
    every = routes(service, STOCK[name](service, tenant))
    # A stranger asks first, before there is something of their own to be found under the same names.
    asked = sorted((route for route in every if route.name not in BY_OTHER_PROOF), key=lambda route: route.method)
    owner, stranger = service.client(tenant), service.client(f"stranger-{uuid4().hex}")
    before = seen(service, owner, asked)
    for route in asked:
        refused(route, answer_of(service, stranger, route))
    assert seen(service, owner, asked) == before
    for route in (route for route in asked if route.name not in OF_THE_CALLER):
        mine = answer_of(service, owner, route)
        assert mine.status_code in (200, 201, 202, 409), f"{route.name} would find nothing of anybody: {mine.text}"


def refused(route: Route, theirs: Any) -> None:
    if route.name in OF_THE_CALLER:
        assert theirs.status_code < 500, f"{route.name}: {theirs.text}"
    elif theirs.status_code == 200:
        assert theirs.json().get("items") == [], f"{route.name}: {theirs.text}"
    else:
        assert theirs.status_code == 404, f"{route.name}: {theirs.text}"
        assert theirs.json()["title"].endswith("not_found"), f"{route.name}: {theirs.text}"


def seen(service: Service, client: TestClient, asked: list[Route]) -> dict[str, Any]:
    """Everything that can be asked, but the clock, which counts what other tests do."""
    gets = [route for route in asked if route.method == "GET" and route.path not in ASKS_THE_WORKER]
    return {route.name: said(answer_of(service, client, route)) for route in gets}


def said(answer: Any) -> Any:
    """Not everything is JSON: the journal is a file."""
    return answer.json() if answer.headers["content-type"].endswith("json") else answer.text


def answer_of(service: Service, client: TestClient, route: Route) -> Any:
    with service.working() if route.path in ASKS_THE_WORKER else nullcontext():
        return route.ask(client)
