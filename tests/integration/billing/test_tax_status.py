"""A customer becomes exempt and is taxed again: each invoice says what held on its billing day."""

from __future__ import annotations

from tests.integration.billing.room import Room
from tests.integration.billing.shop import CUSTOMER
from tests.support.house import Service

CERTIFICATE = {"treatment": "exempt", "reference": "ST-5 4711"}


def test_an_invoice_has_no_tax_while_the_customer_is_exempt(billing: Service, tenant: str) -> None:
    room = Room(billing, tenant)
    put = room.client.put("/v1/customers/F9", json=CUSTOMER | {"tax": CERTIFICATE})
    assert put.json()["tax"] == CERTIFICATE, put.text
    room.live_until("2031-01-02")
    january = room.one(number="INV-000001")
    assert (january["tax_minor"], january["taxes"]) == (0, {})
    assert january["total_minor"] == january["subtotal_minor"] == 150_000
    assert january["untaxed"] == CERTIFICATE | {"note": "Exempt from tax by certificate ST-5 4711."}

    assert room.client.put("/v1/customers/F9", json=CUSTOMER).json()["tax"] is None
    room.live_until("2031-02-10")
    february = room.one(number="INV-000002")
    assert february["untaxed"] is None and february["tax_minor"] > 0
    room.revise_usage(JFK=900)
    assert room.verified()
    months = [room.client.get("/v1/reconciliation", params={"period": m}).json() for m in ("2031-01", "2031-02")]
    assert [month["closes"] for month in months] == [True, True]


def test_a_status_names_why_and_where_it_is_written(billing: Service, tenant: str) -> None:
    client = billing.client(tenant)
    for wrong in ({"treatment": "exempt"}, {"treatment": "tired", "reference": "1"}, CERTIFICATE | {"reference": ""}):
        assert client.put("/v1/customers/F9", json=CUSTOMER | {"tax": wrong}).status_code == 422
