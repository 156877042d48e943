"""Usage is billed as soon as it comes to a threshold, and the invoice of its period takes that off."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from services.billing.projections.books.books import CHECKS
from services.billing.store import READ_MODELS, create_store
from shared.contracts.usage import PeriodMessage
from shared.rebuild import rebuild
from tests.integration.billing.room import FEBRUARY, Room
from tests.integration.billing.shop import CUSTOMER, DEPARTURES, FEE, Shop
from tests.support.house import Service

THRESHOLDS = {"USD": {"thresholds": ["1500.00", "9000.00"]}}
NO_MINIMUM: dict[str, Any] = {"minimums": {}}


def february(day: int) -> datetime:
    return datetime(2031, 2, day, 12, tzinfo=UTC)


class Gates(Room):
    """Messages about a period are told in turn, whatever they say: 30.00 for each of 300 departures, then 15.75."""

    def __init__(self, billing: Service, tenant: str, **plan: Any):
        self.told: Counter[Any] = Counter()
        super().__init__(billing, tenant, **{"progressive_billing": THRESHOLDS, **NO_MINIMUM} | plan)
        self.live_until("2031-01-02")

    def _tell(self, contract: PeriodMessage, sequence: int, at: datetime = FEBRUARY) -> None:
        self.told[contract.period_id] += 1
        super()._tell(contract, sequence=self.told[contract.period_id], at=at)

    def use(self, day: int, departures: int) -> None:
        self.advance_usage(datetime(2031, 1, day, 12, tzinfo=UTC), departures, 0)

    def close(self, departures: int) -> None:
        self.close_usage(departures={"JFK": departures} if departures else {})
        self.live_until("2031-02-01")

    @property
    def interims(self) -> list[dict[str, Any]]:
        return sorted((i for i in self.invoices() if i["kind"] == "progressive"), key=lambda i: str(i["number"]))

    @property
    def period(self) -> dict[str, Any]:
        return self.one(issued_on="2031-02-01", kind="regular")

    def carried(self) -> int:
        """Net of January's usage on all documents."""
        standing = [i for i in self.invoices() if i["status"] not in ("voided", "discarded", "draft")]
        notes = [(-1, note) for invoice in standing for note in invoice["credit_notes"]]
        documents = [*((1, invoice) for invoice in standing), *notes]
        return sum(sign * amount for sign, document in documents for _, _, amount in lines(document))


def lines(document: dict[str, Any], *charges: str) -> list[tuple[str, str, int]]:
    wanted = charges or ("departures", "true_up")
    found = (line for line in document["lines"] if line["charge"] in wanted)
    return [(line["kind"], line["quantity"], line["amount_minor"]) for line in found]


def assert_sound(room: Room) -> None:
    for invoice in room.invoices():
        answer = room.client.post(f"/v1/invoices/{invoice['invoice_id']}/verify").json()
        assert answer["equal"], (invoice["number"], answer["differences"])
    assert room.billing.background.books.count() == dict.fromkeys(CHECKS, 0)
    compared = rebuild(room.engine, create_store(), READ_MODELS, keep=False)
    assert [c.table for c in compared if room.tenant_id in c.different_tenants] == []
    for month in ("2031-01", "2031-02"):
        told = room.client.get("/v1/reconciliation", params={"period": month}).json()
        assert told["closes"], told


def test_each_threshold_is_an_invoice_and_that_of_the_period_takes_them_off(billing: Service, tenant: str) -> None:
    gates = Gates(billing, tenant)
    for day, departures in [(5, 49), (9, 70), (11, 100), (20, 310), (21, 320)]:
        gates.use(day, departures)
    first, second = gates.interims
    assert (first["issued_on"], first["due_on"]) == ("2031-01-09", "2031-01-24")
    assert lines(first) == [("usage", "70", 210_000)]
    assert (first["lines"][0]["starts_on"], first["lines"][0]["ends_on"]) == ("2031-01-01", "2031-01-10")
    assert lines(second) == [("usage", "310", 915_750), ("progressive", "-70", -210_000)]
    assert_sound(gates)
    gates.close(400)
    assert lines(gates.period) == [("usage", "400", 1_057_500), ("progressive", "-310", -915_750)]
    path = f"/v1/invoices/{gates.period['invoice_id']}/lines/3/explain"
    assert gates.client.get(path).json()["reading"] == [
        f"takes off 915750 of departures JFK, which {first['number']} and {second['number']} billed ahead",
        "310 usage events with digest 00, as told before the period was closed",
    ]
    assert gates.carried() == 1_057_500
    assert_sound(gates)


@pytest.mark.parametrize("fee", [[FEE], []], ids=["on the invoice of the period", "on the interim invoice"])
def test_what_was_billed_ahead_and_taken_back_is_credited(billing: Service, tenant: str, fee: list[Any]) -> None:
    gates = Gates(billing, tenant, prices={"USD": [*fee, DEPARTURES]})
    gates.use(9, 70)
    gates.close(40)
    assert lines(gates.period) == [("usage", "40", 120_000), ("progressive", "-70", -120_000)]
    [note] = (gates.period if fee else gates.interims[0])["credit_notes"]
    assert (note["reason"], lines(note)) == ("billed_ahead", [("progressive", "0", 90_000)])
    assert (note["tax_minor"], gates.carried()) == (7_988, 120_000)
    assert_sound(gates)


@pytest.mark.parametrize("closed", [40, 70, 100, 0])
@pytest.mark.parametrize("late", [(30, 90), (120, 0), (50, 300)])
def test_late_usage_leaves_what_it_comes_to_at_last(
    billing: Service, tenant: str, closed: int, late: tuple[int, int]
) -> None:
    gates = Gates(billing, tenant)
    gates.use(9, 70)
    gates.close(closed)
    for revision, departures in enumerate(late, start=1):
        gates.revise_usage(february(10 + revision), revision, **({"JFK": departures} if departures else {}))
        assert gates.carried() == departures * 3_000
        assert_sound(gates)


def test_an_interim_invoice_that_is_made_void_leaves_its_usage_to_the_period(billing: Service, tenant: str) -> None:
    gates = Gates(billing, tenant)
    gates.use(9, 70)
    gates.use(20, 310)
    first, second = gates.interims
    path = f"/v1/invoices/{first['invoice_id']}/void"
    assert gates.client.post(path, json={"reason": "wrong address"}).status_code == 200
    gates.close(310)
    assert lines(gates.period) == [("usage", "310", 915_750), ("progressive", "-240", -705_750)]
    assert gates.carried() == 915_750
    late = gates.client.post(f"/v1/invoices/{second['invoice_id']}/void", json={"reason": "wrong address"})
    assert (late.status_code, late.json()["type"].rpartition("/")[2]) == (409, "billed_since")
    assert_sound(gates)


def test_a_draft_that_nobody_issued_is_billed_with_its_period(billing: Service, tenant: str) -> None:
    gates = Gates(billing, tenant, review_days=30)
    gates.use(9, 70)
    gates.close(100)
    [interim] = gates.interims
    assert interim["status"] == "discarded"
    gates.live_until("2031-03-04")
    assert lines(gates.one(due_on="2031-02-16", kind="regular")) == [("usage", "100", 300_000)]
    assert_sound(gates)


def test_a_minimum_is_for_all_that_the_period_was_billed(billing: Service, tenant: str) -> None:
    minimum = {"USD": {"code": "true_up", "name": "Minimum commitment", "amount": "5000.00"}}
    gates = Gates(billing, tenant, minimums=minimum)
    gates.use(9, 70)
    assert lines(gates.interims[0]) == [("usage", "70", 210_000)]
    gates.close(100)
    told = [("usage", "100", 300_000), ("progressive", "-70", -210_000), ("true_up", "1", 200_000)]
    assert (lines(gates.period), gates.carried()) == (told, 500_000)
    assert_sound(gates)


@pytest.mark.parametrize("closed", [100, 40])
def test_an_invoice_of_several_subscriptions_takes_off_what_was_billed_of_one(
    billing: Service, tenant: str, closed: int
) -> None:
    gates = Gates(
        billing, tenant, prices={"USD": [{**FEE, "price": FEE["price"] | {"unit_amount": "1.00"}}, DEPARTURES]}
    )
    shop = Shop(billing, tenant)
    consolidated = {"mode": "consolidated", "effective_on": "2031-01-15"}
    assert gates.client.put("/v1/customers/F9", json={**CUSTOMER, "invoicing": consolidated}).status_code == 200
    shop.accept(shop.send(shop.draft(starts_on="2031-02-01")["quote_id"])["acceptance_token"])
    gates.use(9, 70)
    gates.close_usage(departures={"JFK": closed})
    gates.live_until("2031-02-02")
    together = gates.one(issued_on="2031-02-01", kind="regular")
    assert len(together["subscriptions"]) == 2
    assert lines(together) == [("usage", str(closed), closed * 3_000), ("progressive", "-70", -min(closed, 70) * 3_000)]
    gates.revise_usage(february(11), 1, JFK=20)
    assert gates.carried() == 20 * 3_000
    assert gates.interims[0]["credit_notes"]
    assert_sound(gates)
