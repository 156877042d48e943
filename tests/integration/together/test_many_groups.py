"""A period of more groups than one message has room for: from the events to the invoice, and to what came late."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from services.usage.store import OUTBOX, create_store
from shared.outbox import MOST_BYTES
from shared.republish import republish
from tests.integration.together.company import CALLS, METER, PLAN, Company
from tests.support.house import Service

MANY, AT_ONCE = 25_000, 5_000
BY_ROUTE = CALLS | {"group_by": ["route"]}
CENTS = sum(number % 7 + 1 for number in range(MANY))


def call(number: int) -> dict[str, Any]:
    event = {"specversion": "1.0", "id": str(number), "source": "/app", "type": "api.call", "subject": "acme"}
    return event | {"time": "2031-01-10T10:00:00Z", "data": {"calls": number % 7 + 1, "route": f"/v1/things/{number}"}}


def send(company: Company, events: list[dict[str, Any]]) -> None:
    headers = {"Content-Type": "application/cloudevents-batch+json"}
    answer = company.clients["usage"].post("/v1/events", content=json.dumps(events), headers=headers)
    assert answer.status_code == 202, answer.text


def sold_by_route(company: Company) -> None:
    company.put("usage", "/v1/meters/calls", METER | {"group_by": {"route": "$.route"}})
    company.settle()
    company.publish("routes", PLAN | {"prices": {"EUR": [BY_ROUTE]}})
    company.sell(plan="routes")
    company.move(datetime(2031, 1, 11, 12, tzinfo=UTC))


def told_of(usage: Service, kind: str) -> list[int]:
    """The sizes of the messages that usage told of a kind, in order."""
    with usage.background.relay.engine.connect() as tx:
        recorded = [each for batch in create_store().everything(tx, categories=["usage_period"]) for each in batch]
    told = [OUTBOX.message(each) for each in recorded if OUTBOX.is_published(each.event)]
    return [len(each.data) for each in told if each.type == f"usage.period_{kind}.v1"]


def tell_again(usage: Service) -> None:
    assert republish(usage.background.relay.engine, create_store(), OUTBOX) > 0


def test_a_period_of_25_000_groups_is_told_and_billed_and_corrected(company: Company, usage: Service) -> None:
    sold_by_route(company)
    for first in range(0, MANY, AT_ONCE):
        send(company, [call(number) for number in range(first, first + AT_ONCE)])
    company.settle()
    company.move(datetime(2031, 2, 2, tzinfo=UTC))
    (january,) = company.invoices()
    assert (len(january["lines"]), january["subtotal_minor"], january["tax_minor"]) == (MANY, CENTS, round(CENTS / 5))
    send(company, [call(MANY)])
    company.settle()
    january, late = company.invoices()
    assert (late["kind"], late["subtotal_minor"], [line["group"] for line in late["lines"]]) == (
        "correction",
        MANY % 7 + 1,
        [f"/v1/things/{MANY}"],
    )
    parts = told_of(usage, "part")
    assert len(parts) >= 6 and max(*parts, *told_of(usage, "closed"), *told_of(usage, "revised")) < MOST_BYTES
    tell_again(usage)
    company.settle()
    assert company.invoices() == [january, late]
    verified = company.post("billing", f"/v1/invoices/{january['invoice_id']}/verify")
    assert (verified["equal"], verified["lines"]) == (True, MANY)
