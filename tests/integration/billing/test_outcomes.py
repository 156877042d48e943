"""A share of what renewals won: counted in the period in which it was won, once, and corrected by news that come late."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

import pytest

from infra.local.tokens import tenant_id
from services.billing.store import READ_MODELS, create_store
from shared.contracts.renewals import RenewalWonV1
from shared.ids import shown
from shared.messages import Message, body
from shared.rebuild import rebuild
from tests.support.house import Service, settle
from tests.support.moving_clock import move_clock

SHARE = {
    "code": "share",
    "name": "Share of renewals",
    "kind": "metered",
    "outcome": {"customers": ["VX", "AA"]},
    "price": {
        "model": "percentage",
        "percentage": {"rate": "0.1", "free_value": "1000"},
        "maximum_amount": "500.00",
    },
}
PLAN = {
    "name": "Renewal service",
    "every": "month",
    "calendar": True,
    "term_months": 12,
    "net_days": 15,
    "collect_seconds": 0,
    "prices": {"USD": [SHARE]},
    "features": {"renewals": None},
}
ZONE = {"zone": "America/New_York", "currency": "USD"}


class Agency:
    """It renews for a client, and is paid by what it wins."""

    def __init__(self, billing: Service, tenant: str):
        self.billing, self.tenant_id, self.client = billing, tenant_id(tenant), billing.client(tenant)
        self.client.put("/v1/test-clock", json={"now": "2012-12-01T05:00:00Z"})
        self.client.put("/v1/customers/client", json={"name": "Client"} | ZONE)
        assert self.client.put("/v1/plans/service", json=PLAN).status_code == 200
        line = {"plan": "service", "starts_on": "2013-01-01"}
        quote = self.post("/v1/quotes", customer="client", lines=[line])
        self.post(f"/v1/quotes/{quote['quote_id']}/submit")
        sent = self.post(f"/v1/quotes/{quote['quote_id']}/send")
        self.post("/v1/quote-acceptances", token=sent["acceptance_token"], name="C. L.")
        settle([billing])

    def post(self, path: str, **said: Any) -> dict[str, Any]:
        answer = self.client.post(path, json=said)
        assert answer.is_success, answer.text
        return dict(answer.json())

    def until(self, day: str) -> None:
        move_clock(self.billing, self.client, datetime.fromisoformat(f"{day}T05:00:01+00:00"))

    def wins(self, name: str, customer: str, minor: int, at: str, currency: str = "USD") -> str:
        """Heard now, whenever it was won."""
        id_ = uuid5(self.tenant_id, name)
        won = RenewalWonV1(
            opportunity_id=id_,
            subscription_id=uuid5(id_, "subscription"),
            customer_id=uuid5(id_, "customer"),
            customer_key=customer,
            term_number=1,
            due_on=datetime.fromisoformat(at).date(),
            currency=currency,
            base_minor=1,
            value_minor=minor,
            accepted_at=datetime.fromisoformat(at),
            late_days=0,
            mode="auto",
        )
        self._tell(id_, won)
        return shown("opp", id_)

    def _tell(self, id_: UUID, won: RenewalWonV1) -> None:
        message = Message(
            id=uuid5(id_, "1"),
            source="/renewals/renewal_opportunity",
            type=won.TYPE,
            subject=id_,
            time=datetime.fromisoformat(self.client.get("/v1/test-clock").json()["now"]),
            tenantid=self.tenant_id,
            sequence=1,
            correlationid="test",
            data=body(won),
        )
        for _ in range(2):  # nobody counts a message twice
            self.billing.background.parking.inbox.receive([message])
        settle([self.billing])

    def invoices(self) -> list[dict[str, Any]]:
        listed = self.client.get("/v1/invoices").json()["items"]
        return sorted(listed, key=lambda invoice: str(invoice["number"]))

    def explained(self, invoice: dict[str, Any]) -> dict[str, Any]:
        return dict(self.client.get(f"/v1/invoices/{invoice['invoice_id']}/lines/1/explain").json())


@pytest.fixture
def agency(billing: Service, tenant: str) -> Agency:
    return Agency(billing, tenant)


def test_a_share_of_won_renewals_is_charged_explained_and_corrected(agency: Agency) -> None:
    first = agency.wins("one", "VX", 200_000, "2013-01-10T12:00:00+00:00")
    second = agency.wins("two", "AA", 150_000, "2013-02-01T04:59:59+00:00")  # still January in New York
    agency.wins("three", "VX", 700_000, "2013-02-01T05:00:00+00:00")
    agency.wins("other", "BB", 900_000, "2013-01-11T12:00:00+00:00")  # is not named
    agency.wins("euros", "VX", 900_000, "2013-01-12T12:00:00+00:00", currency="EUR")
    agency.until("2013-02-01")
    [january] = agency.invoices()
    [line] = january["lines"]
    assert (Decimal(line["quantity"]), line["amount_minor"]) == (3500, 25_000)  # 10 % of what is above 1,000
    told = agency.explained(january)
    assert [(each["opportunity_id"], each["customer"], each["value_minor"]) for each in told["outcomes"]] == [
        (first, "VX", 200_000),
        (second, "AA", 150_000),
    ]
    assert told["usage_events"] is None and any(reading.startswith("2 won renewals") for reading in told["reading"])
    assert any(first in reading for reading in told["reading"])

    agency.until("2013-03-01")
    february = agency.invoices()[-1]
    assert february["lines"][0]["amount_minor"] == 50_000  # no more than the cap
    late = agency.wins("late", "AA", 100_000, "2013-01-20T12:00:00+00:00")
    correction = agency.invoices()[-1]
    assert (correction["kind"], correction["total_minor"]) == ("correction", 10_000)
    assert correction["lines"][0]["corrects"]["invoice"] == january["number"]
    assert late in {each["opportunity_id"] for each in agency.explained(correction)["outcomes"]}
    assert len(agency.explained(january)["outcomes"]) == 2
    verified = [agency.post(f"/v1/invoices/{invoice['invoice_id']}/verify")["equal"] for invoice in agency.invoices()]
    assert all(verified) and len(verified) == 3
    closes = agency.client.get("/v1/reconciliation", params={"period": "2013-01"}).json()
    assert closes["off"] == [], closes
    engine = agency.billing.background.relay.engine
    compared = rebuild(engine, create_store(), READ_MODELS, keep=False)
    assert {c.table for c in compared if agency.tenant_id in c.different_tenants} == set()


def test_a_charge_has_a_meter_or_an_outcome(agency: Agency) -> None:
    both = PLAN | {"prices": {"USD": [SHARE | {"meter": "calls"}]}}
    refused = agency.client.put("/v1/plans/service", json=both)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/prices/USD/0/meter")
