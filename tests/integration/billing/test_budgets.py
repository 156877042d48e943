"""What customers mean to spend on their cost centres, beside what the books say that they do."""

from __future__ import annotations

from typing import Any

import pytest

from shared.contracts.billing_budgets import BudgetReachedV1
from shared.contracts.billing_invoices import InvoiceIssuedV1
from tests.integration.billing.till import OWED, Till
from tests.support.house import Service, settle
from tests.support.published import published

RD, OPS = "/v1/customers/vx/budgets/rd", "/v1/customers/vx/budgets/ops"
SETUP = {"code": "setup", "description": "Set-up", "price": {"model": "per_unit", "unit_amount": "700.00"}}


class House(Till):
    """Beside the subscription of the till, which names no cost centre, one for `rd`, with a set-up for `ops`."""

    def __init__(self, billing: Service, tenant: str):
        super().__init__(billing, tenant)
        self.quote = self.accepted(line(cost_centre="rd"), one_offs=[SETUP | {"cost_centre": "ops"}])
        [self.subscription] = [each for each in self.subscriptions() if each["terms"][0].get("cost_centre") == "rd"]

    def accepted(self, *lines: dict[str, Any], **more: Any) -> str:
        quote = self.post("/v1/quotes", customer="vx", lines=list(lines), **more)
        self.post(f"/v1/quotes/{quote['quote_id']}/submit")
        sent = self.post(f"/v1/quotes/{quote['quote_id']}/send")
        self.post("/v1/quote-acceptances", token=sent["acceptance_token"], name="V. X.")
        settle([self.billing])
        return str(quote["quote_id"])

    def subscriptions(self) -> list[dict[str, Any]]:
        listed = self.client.get("/v1/subscriptions").json()["items"]
        return [self.client.get(f"/v1/subscriptions/{each['subscription_id']}").json() for each in listed]

    def put(self, path: str, amount_minor: int, **more: Any) -> dict[str, Any]:
        answer = self.client.put(path, json={"amount_minor": amount_minor, "reason": "agreed"} | more)
        assert answer.is_success, answer.text
        settle([self.billing])
        return dict(answer.json())

    def budget(self, path: str, **moment: str) -> dict[str, Any]:
        answer = self.client.get(path, params=moment)
        assert answer.is_success, answer.text
        return dict(answer.json())

    def figures(self, path: str, **moment: str) -> tuple[int, int, int | None, int]:
        """Billed, earned, committed, and the variance."""
        told = self.budget(path, **moment)
        return told["billed_minor"], told["earned_minor"], told["committed_minor"], told["variance_minor"]

    def reached(self) -> list[tuple[str, str, int, int]]:
        messages = [m.read(BudgetReachedV1) for m in published(self.billing, "billing.budgets", self.tenant)]
        return [(m.cost_centre, m.period, m.percent, m.billed_minor) for m in messages]


def line(**more: Any) -> dict[str, Any]:
    return {"plan": "fee-only", "starts_on": "2013-01-01"} | more


@pytest.fixture
def house(billing: Service, tenant: str) -> House:
    return House(billing, tenant)


def test_what_is_billed_for_a_cost_centre_is_told_at_its_percentages_and_is_the_sum_of_its_lines(house: House) -> None:
    house.put(f"{RD}/2013", 12 * OWED)
    house.put(f"{RD}/2013-01", OWED * 5 // 4)
    house.put(f"{OPS}/2013-Q1", 70_000, alert_percents=[50, 100, 120])
    assert house.figures(f"{RD}/2013") == (0, 0, 12 * OWED, 12 * OWED)
    assert house.figures(f"{OPS}/2013-Q1") == (0, 0, 70_000, 70_000)
    house.until("2013-01-02T06:00:00+00:00")
    assert sorted(house.reached()) == [("ops", "2013-Q1", 100, 70_000), ("rd", "2013-01", 80, OWED)]
    assert house.figures(f"{RD}/2013") == (OWED, OWED, 11 * OWED, 11 * OWED)
    assert house.budget(f"{RD}/2013-01")["used_percent"] == "80.00"
    [billed] = house.client.get(f"{RD}/2013/lines").json()["items"]
    assert (billed["kind"], billed["net_minor"], billed["booked_on"]) == ("invoice", OWED, "2013-01-01")
    invoice = house.client.get(f"/v1/invoices/{billed['invoice_id']}").json()
    assert [each["cost_centre"] for each in invoice["lines"]] == ["rd", "ops"]
    assert invoice["lines"][billed["line"] - 1]["amount_minor"] == OWED
    issued = [m.read(InvoiceIssuedV1) for m in published(house.billing, "billing.invoices", house.tenant)]
    assert sorted(m.cost_centres for m in issued if isinstance(m, InvoiceIssuedV1)) == [[], ["ops", "rd"]]
    house.check_books()


def test_all_that_a_customer_is_billed_is_of_some_cost_centre_or_of_none(house: House) -> None:
    house.put(f"{RD}/2013", 12 * OWED)
    house.put("/v1/customers/vx/budgets/lab/2013", 5)
    house.until("2013-03-02T06:00:00+00:00")
    told = house.budget("/v1/customers/vx/spending", period="2013")
    shown = {each["cost_centre"]: (each["billed_minor"], each["variance_minor"]) for each in told["cost_centres"]}
    assert shown == {"lab": (0, 5), "ops": (70_000, None), "rd": (3 * OWED, 9 * OWED), None: (3 * OWED, None)}
    mapped = house.client.get("/v1/revenue/mapping", params={"period": "2013-03"}).json()["classes"]
    march = house.budget("/v1/customers/vx/spending", period="2013-03")["cost_centres"]
    assert sum(each["billed_minor"] for each in march) == sum(each["billed_minor"] for each in mapped) == 2 * OWED


def test_what_is_credited_is_not_spent_and_a_draft_or_a_void_invoice_is_nothing(house: House) -> None:
    house.until("2013-01-02T06:00:00+00:00")
    house.put(f"{RD}/2013", 12 * OWED)
    [mine] = [each for each in house.client.get("/v1/invoices").json()["items"] if each["lines"][0]["cost_centre"]]
    path = f"/v1/invoices/{mine['invoice_id']}"
    house.post(f"{path}/credit-notes", reason="agreed", lines=[{"line": 1, "amount_minor": 50_000}])
    assert house.figures(f"{RD}/2013")[0] == OWED - 50_000
    house.post(f"{path}/credit-notes", reason="the rest")
    assert house.figures(f"{RD}/2013")[0] == 0
    lines = house.client.get(f"{RD}/2013/lines").json()["items"]
    assert sorted(each["net_minor"] for each in lines) == [
        50_000 - OWED,
        -50_000,
        OWED,
    ]
    house.until("2013-02-02T06:00:00+00:00")
    [february] = [
        each
        for each in house.client.get("/v1/invoices").json()["items"]
        if each["issued_on"] == "2013-02-01" and each["lines"][0]["cost_centre"]
    ]
    assert house.figures(f"{RD}/2013")[0] == OWED
    house.post(f"/v1/invoices/{february['invoice_id']}/void", reason="twice")
    assert house.figures(f"{RD}/2013")[0] == 0
    house.check_books()


def test_what_is_billed_stays_when_the_cost_centre_changes_and_what_begins_goes_over(house: House) -> None:
    house.put(f"{RD}/2013", 12 * OWED)
    house.put(f"{OPS}/2013", 12 * OWED)
    house.until("2013-01-16T06:00:00+00:00")
    path = f"/v1/subscriptions/{house.subscription['subscription_id']}"
    for name in ("lab", "", "ops"):
        house.post(f"{path}/amendments", cost_centre=name)
        told = house.client.get(path).json()
        assert told["terms"][0]["cost_centre"] == told["amendments"][-1]["cost_centre"] == (name or None)
    settle([house.billing])
    assert (house.figures(f"{RD}/2013")[::2], house.figures(f"{OPS}/2013")[::2]) == ((OWED, 0), (70_000, 11 * OWED))
    house.until("2013-02-02T06:00:00+00:00")
    assert house.figures(f"{RD}/2013")[::2] == (OWED, 0)
    assert house.figures(f"{OPS}/2013")[::2] == (70_000 + OWED, 10 * OWED)
    house.check_books()


def test_an_offer_beyond_the_budget_waits_for_the_level_that_the_settings_name(house: House) -> None:
    level = {
        name: {"discount_percent": percent} for name, percent in (("own", "5"), ("manager", "15"), ("director", "25"))
    }
    house.put(f"{RD}/2013", 20 * OWED)
    quote = house.post("/v1/quotes", customer="vx", lines=[line(cost_centre="rd")])
    path = f"/v1/quotes/{quote['quote_id']}"
    assert house.post(f"{path}/submit")["status"] == "approved"  # nobody has to be asked
    answer = house.client.put("/v1/settings", json={"approval": level | {"over_budget": "manager"}})
    assert answer.is_success and answer.json()["approval"]["over_budget"] == "manager"
    house.post(f"{path}/revise", lines=[line(cost_centre="rd", quantity=2)])
    approval = house.post(f"{path}/submit")["approval"]
    assert (approval["level"], approval["beyond"]) == ("manager", ["budget"])
    # 24 months of the fee are asked for where 8 are left.
    assert approval["over_budget"] == [{"cost_centre": "rd", "period": "2013", "over_minor": 16 * OWED}]
    house.put(f"{RD}/2013", 48 * OWED)
    house.post(f"{path}/revise", lines=[line(cost_centre="rd", quantity=3)])
    assert house.post(f"{path}/submit")["status"] == "approved"


def test_a_budget_is_told_as_it_was_and_was_known_then(house: House) -> None:
    house.put(f"{RD}/2013", 12 * OWED)
    house.until("2013-01-02T06:00:00+00:00")
    booked = house.client.get("/v1/ledger/entries", params={"cost_centre": "rd"}).json()["items"]
    [told] = [entry for entry in booked if entry["kind"] == "invoice"]
    house.until("2013-02-02T06:00:00+00:00")
    house.put(f"{RD}/2013", 10 * OWED)
    assert house.figures(f"{RD}/2013") == (2 * OWED, 2 * OWED, 10 * OWED, 8 * OWED)
    then = house.budget(f"{RD}/2013", as_of="2013-01-15T05:00:00Z")
    assert (then["amount_minor"], then["billed_minor"], then["committed_minor"]) == (12 * OWED, OWED, None)
    known = house.budget(f"{RD}/2013", known_at=told["recorded_at"])
    assert (known["amount_minor"], known["billed_minor"]) == (12 * OWED, OWED)
    before = house.client.get(f"{RD}/2013", params={"as_of": "2012-11-01T05:00:00Z"})
    assert before.status_code == 404
    gone = house.post(f"{RD}/2013/withdraw", reason="merged")
    assert (gone["status"], gone["reason"]) == ("withdrawn", "merged")
    house.check_books()


def test_one_that_is_put_late_tells_at_once_and_the_list_finds_it(house: House) -> None:
    house.until("2013-01-02T06:00:00+00:00")
    told = house.put(f"{RD}/2013-01", OWED)
    reached = house.budget(f"{RD}/2013-01")
    assert (reached["reached_percent"], house.reached()) == (100, [("rd", "2013-01", 100, OWED)])
    assert (house.put(f"{RD}/2013-01", OWED)["version"], reached["version"]) == (2, told["version"] + 1)
    [listed] = house.client.get("/v1/budgets", params={"customer": "vx", "cost_centre": "rd"}).json()["items"]
    assert (listed["period"], listed["status"], listed["reached_percent"]) == ("2013-01", "active", 100)
    assert house.client.get("/v1/budgets", params={"period": "2014"}).json()["items"] == []


@pytest.mark.parametrize(
    ("path", "body", "status", "title", "pointer"),
    [
        (f"{RD}/2013-13", {"amount_minor": 1}, 422, "invalid_request", "path:period"),
        (f"{RD}/2013", {"amount_minor": 0}, 422, "invalid_request", "/amount_minor"),
        (f"{RD}/2013", {"amount_minor": 1, "alert_percents": [100, 80]}, 422, "malformed_budget", "/alert_percents"),
        ("/v1/customers/nobody/budgets/rd/2013", {"amount_minor": 1}, 404, "customer_not_found", None),
        ("/v1/customers/vx/budgets/r%20d/2013", {"amount_minor": 1}, 422, "invalid_request", "path:cost_centre"),
    ],
)
def test_what_is_wrong_with_a_budget_is_named(
    billing: Service, tenant: str, path: str, body: dict[str, Any], status: int, title: str, pointer: str | None
) -> None:
    client = billing.client(tenant)
    client.put("/v1/customers/vx", json={"name": "VX", "zone": "America/New_York", "currency": "USD"})
    problem = client.put(path, json={"reason": "agreed"} | body)
    told = problem.json()
    assert (problem.status_code, told["title"]) == (status, title)
    assert told.get("errors", [{}])[0].get("pointer") == pointer
    assert client.get(f"{RD}/2013").status_code == 404


def test_a_new_customer_has_cost_centres_of_its_own_and_nothing_is_committed_for_those_before(house: House) -> None:
    house.client.put("/v1/customers/ny", json={"name": "NY", "zone": "America/New_York", "currency": "USD"})
    path = f"/v1/subscriptions/{house.subscription['subscription_id']}"
    house.until("2013-01-10T06:00:00+00:00")
    house.put(f"{RD}/2013", 12 * OWED)
    assert house.figures(f"{RD}/2013")[::2] == (OWED, 11 * OWED)
    assert house.post(f"{path}/transfer", customer="ny", on="2013-03-01")
    assert house.figures(f"{RD}/2013")[::2] == (OWED, OWED)  # February
    house.until("2013-03-02T06:00:00+00:00")
    march = house.budget("/v1/customers/ny/spending", period="2013-03")["cost_centres"]
    assert [(each["cost_centre"], each["billed_minor"]) for each in march] == [(None, OWED)]
