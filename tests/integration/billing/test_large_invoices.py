"""An invoice of ten thousand lines is tried out, issued, explained, verified and credited like any other."""

from __future__ import annotations

from decimal import Decimal

from fastapi.testclient import TestClient

from shared.money import Money
from tests.integration.billing.room import Room
from tests.integration.billing.test_evaluations import clerk, told
from tests.support.house import Service, settle

__all__ = ["clerk"]
MANY = 10_000
# Of each seven airports one has one departure, one two, and so on; each costs 30.00.
DEPARTURES = {f"A{number:05}": number % 7 + 1 for number in range(MANY)}


def test_ten_thousand_lines_are_previewed(clerk: TestClient) -> None:
    lines = [{"id": str(number), "amount": "0.005", "tax_rates": ["0.1"]} for number in range(MANY)]
    answer = told(clerk, "/v1/invoices/preview", {"currency": "EUR", "lines": lines})
    # Each is rounded to a cent, and the tax once on all of them.
    assert (answer["subtotal_minor"], answer["tax_minor"], len(answer["lines"])) == (MANY, 1000, MANY)


def test_ten_thousand_lines_are_issued_explained_verified_and_credited(billing: Service, tenant: str) -> None:
    room = Room(billing, tenant, minimums={})
    room.close_usage(departures=DEPARTURES)
    with room.engine.begin() as tx:
        room.request_bill(tx)
    settle([billing])
    invoice = room.one(issued_on="2031-02-01")
    usage = [line for line in invoice["lines"] if line["kind"] == "usage"]
    assert {line["group"]: line["amount_minor"] for line in usage} == {
        airport: 3000 * number for airport, number in DEPARTURES.items()
    }
    net = 3000 * sum(DEPARTURES.values()) + 2 * 150_000
    assert (invoice["subtotal_minor"], invoice["tax_minor"]) == (net, Money(net, "USD").times(Decimal("0.08875")).minor)
    path = f"/v1/invoices/{invoice['invoice_id']}"
    last = usage[-1]["number"]
    assert room.client.get(f"{path}/lines/{last}/explain").json()["reading"][0] == "4 metered for departures A09999"
    part = {"reason": "dispute", "lines": [{"line": last, "amount_minor": 10_000}]}
    assert room.client.post(f"{path}/credit-notes", json=part).json()["credited_minor"] == 10_888
    assert room.client.post(f"{path}/verify").json() == {
        "equal": True,
        "lines": MANY + 2,
        "total_minor": invoice["total_minor"],
        "differences": [],
    }
