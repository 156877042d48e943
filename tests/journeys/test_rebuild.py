"""The read models of every service, thrown away after a story that went through all of them, and built again."""

from __future__ import annotations

import importlib

import pytest

from shared.rebuild import rebuild
from tests.journeys.test_year_of_fees import FEE, PLAN, POLICY
from tests.support.house import Service
from tests.support.world import World

DEPARTURES = {
    "code": "departures",
    "name": "Departures",
    "kind": "metered",
    "meter": "departures",
    "price": {"model": "per_unit", "unit_amount": "30.00"},
}
METER = {"event_type": "flight.departed", "aggregation": "count"}


@pytest.fixture
def world(billing: Service, usage: Service, entitlement: Service, renewals: Service, tenant: str) -> World:
    return World([billing, usage, entitlement, renewals], tenant)


def test_in_every_service_rebuilt_equals_live(world: World) -> None:
    tell_a_story(world)
    for name, service in world.services.items():
        store = importlib.import_module(f"services.{name}.store")
        compared = rebuild(service.background.relay.engine, store.create_store(), store.READ_MODELS, keep=True)
        assert {c.table: (c.live, c.rebuilt) for c in compared if not c.is_equal} == {}, name
        assert sum(c.live.rows for c in compared) > 3, name


def tell_a_story(world: World) -> None:
    """Two buy, with usage; one does not pay, is suspended, and pays after all."""
    world.move("2012-12-01T05:00:00Z")
    world.call("renewals", "PUT", "/v1/policies/standard", POLICY)
    world.call("usage", "PUT", "/v1/meters/departures", METER)
    world.settle()
    world.call("billing", "PUT", "/v1/plans/fee-only", PLAN | {"prices": {"USD": [FEE, DEPARTURES]}})
    for key in ("AA", "VX"):
        customer = {"name": key, "zone": "America/New_York", "currency": "USD"}
        world.call("billing", "PUT", f"/v1/customers/{key}", customer)
        line = {"plan": "fee-only", "starts_on": "2013-01-01"}
        quote = world.call("billing", "POST", "/v1/quotes", {"customer": key, "lines": [line]})
        world.call("billing", "POST", f"/v1/quotes/{quote['quote_id']}/submit", {})
        sent = world.call("billing", "POST", f"/v1/quotes/{quote['quote_id']}/send", {})
        acceptance = {"token": sent["acceptance_token"], "name": "Manager"}
        world.call("billing", "POST", "/v1/quote-acceptances", acceptance)
    world.settle()
    for month in (1, 2):
        world.move(f"2013-{month:02}-24T16:00:00Z")
    for invoice in world.items("billing", "/v1/invoices", status="issued", customer="VX"):
        payment = {"invoice": invoice["number"], "currency": "USD", "amount_minor": invoice["open_minor"]}
        world.call("billing", "POST", "/v1/payments", payment)
    world.settle()
