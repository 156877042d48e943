"""An amendment in all four services: money, metering, rights and the renewal that is prepared follow it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

from tests.integration.together.company import CALLS, PLAN, SEATS, Company

NOON = datetime(2031, 1, 11, 12, tzinfo=UTC)
DEARER = CALLS | {"price": {"model": "per_unit", "unit_amount": "0.02"}}
PLATFORM = SEATS | {"code": "platform", "price": {"model": "per_unit", "unit_amount": "62.00"}}
SCALE = PLAN | {"name": "Scale", "features": {"api": None, "sso": 1}, "prices": {"EUR": [PLATFORM, DEARER]}}
STORAGE = PLAN | {
    "name": "Storage",
    "features": {"disks": 5},
    "prices": {"EUR": [SEATS | {"code": "storage", "price": {"model": "per_unit", "unit_amount": "3.10"}}]},
}


def lines(invoice: Any) -> list[tuple[str, int]]:
    return [(line["charge"], line["amount_minor"]) for line in invoice["lines"]]


def test_more_seats_another_plan_and_an_add_on_to_the_cent(company: Company) -> None:
    company.publish("scale", SCALE)
    company.publish("storage", STORAGE)
    subscription = company.sell(quantity=10)
    company.move(NOON)
    company.call("before", "2031-01-10T10:00:00Z", 1000)
    path = f"/v1/subscriptions/{subscription}/amendments"
    change = {"plan": "scale", "quantity": 4, "add": [{"plan": "storage", "quantity": 2}]}
    foreseen = company.post("billing", f"{path}/preview", change)
    amended = company.post("billing", path, change)
    [term] = amended["terms"]
    assert (term["plan"], term["quantity"], term["base_minor"]) == ("scale", 4, 12 * (4 * 6200 + 2 * 310))
    company.settle()
    company.call("after", "2031-01-20T10:00:00Z", 1000)
    company.move(datetime(2031, 2, 2, tzinfo=UTC))
    first, changed, february = company.invoices()
    # 21 of 31 days: ten seats of 31.00 back, four of 62.00 and two of 3.10 instead
    assert [(note["amount_minor"], note["tax_minor"]) for note in first["credit_notes"]] == [(25_200, 4_200)]
    assert lines(changed) == [("platform", 16_800), ("storage", 420), ("calls", 1_000)]
    assert lines(february) == [("platform", 24_800), ("storage", 620), ("calls", 2_000)]
    assert [bill["lines"][0]["amount_minor"] for bill in foreseen["bills"]] == [16_800]
    assert (foreseen["credits"][0]["total_minor"], foreseen["balance_minor"]) == (25_200, 20_664 - 25_200)
    (right,) = company.get("entitlement", "/v1/entitlements")["items"]
    assert (right["plan"], right["quantity"], right["features"]) == ("scale", 4, {"api": None, "sso": 1, "disks": 5})
    company.assert_proved()


def test_a_renewal_that_is_prepared_follows_and_its_quote_is_stale(company: Company) -> None:
    subscription = company.sell(quantity=10)
    company.move(datetime(2031, 10, 15, tzinfo=UTC))
    (before,) = company.get("renewals", "/v1/opportunities")["items"]
    assert (before["state"], before["base_minor"], before["quote_is_stale"]) == ("open", 372_000, False)
    (quote,) = company.get("billing", "/v1/quotes", purpose="renewal")["items"]
    company.post("billing", f"/v1/quotes/{quote['quote_id']}/submit")
    sent = company.post("billing", f"/v1/quotes/{quote['quote_id']}/send")
    company.pay_everything()
    company.post("billing", f"/v1/subscriptions/{subscription}/amendments", {"quantity": 20, "cost_centre": "ops"})
    company.settle()
    (after,) = company.get("renewals", "/v1/opportunities")["items"]
    assert (after["base_minor"], after["quote_is_stale"]) == (744_000, True)
    accepted = company.clients["billing"].post(
        "/v1/quote-acceptances", json={"token": sent["acceptance_token"], "name": "Ann Buyer"}
    )
    assert (accepted.status_code, company.get("billing", f"/v1/quotes/{quote['quote_id']}")["is_stale"]) == (409, True)
    again = {"lines": [{"plan": "team", "starts_on": "2032-01-01", "quantity": 20}]}
    revised = company.post("billing", f"/v1/quotes/{quote['quote_id']}/revise", again)
    assert [line["cost_centre"] for line in revised["lines"]] == ["ops"]


def test_a_renewal_to_another_plan_changes_the_rights_when_its_term_starts(company: Company) -> None:
    company.publish("scale", SCALE)
    company.sell(quantity=10)
    company.move(datetime(2031, 10, 15, tzinfo=UTC))
    (quote,) = company.get("billing", "/v1/quotes", purpose="renewal")["items"]
    lines = [{"plan": "scale", "starts_on": "2032-01-01", "quantity": 4}]
    company.post("billing", f"/v1/quotes/{quote['quote_id']}/revise", {"lines": lines})
    company.accept(quote["quote_id"])
    (before,) = company.get("entitlement", "/v1/entitlements")["items"]
    assert (before["plan"], before["quantity"], before["ends_at"]) == ("team", 10, "2033-01-01T00:00:00Z")
    company.move(datetime(2031, 12, 10, tzinfo=UTC))
    company.move(datetime(2032, 1, 1, tzinfo=UTC))
    (after,) = company.get("entitlement", "/v1/entitlements")["items"]
    assert (after["plan"], after["quantity"], after["features"]) == ("scale", 4, {"api": None, "sso": 1})


def test_of_two_amendments_at_the_same_instant_one_wins(company: Company) -> None:
    subscription = company.sell(quantity=10)
    company.move(NOON)
    billing, path = company.clients["billing"], f"/v1/subscriptions/{subscription}"
    etag = billing.get(path).headers["ETag"]
    answers: list[int] = []

    def say(quantity: int) -> None:
        answer = billing.post(f"{path}/amendments", json={"quantity": quantity}, headers={"If-Match": etag})
        answers.append(answer.status_code)

    both = [threading.Thread(target=say, args=(quantity,)) for quantity in (12, 14)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(answers) == [200, 412]
    assert len(company.get("billing", path)["amendments"]) == 1
    company.settle()


def test_what_is_refused_names_its_field(company: Company) -> None:
    subscription = company.sell(quantity=10)
    company.move(NOON)
    path = f"/v1/subscriptions/{subscription}/amendments"
    own_days = company.post("billing", f"{path}/preview", {"calendar": False, "anchor_on": "2031-01-11"})
    assert [bill["subtotal_minor"] for bill in own_days["bills"]] == [31_000]  # to the 11th of February
    assert [credit["net_minor"] for credit in own_days["credits"]] == [21_000]
    company.post("billing", path, {"quantity": 12, "effective": "date", "on": "2031-03-05"})

    def refused(**change: Any) -> tuple[int, Any]:
        answer = company.clients["billing"].post(path, json=change)
        return answer.status_code, (answer.json().get("errors") or [{}])[0].get("pointer")

    assert refused(quantity=13, effective="date", on="2031-03-04") == (422, "/on")
    assert refused(quantity=13, effective="date", on="2032-01-01") == (422, "/on")
    assert refused(quantity=13) == (422, "/effective")
    assert refused(quantity=0) == (422, "/quantity")
    assert refused(plan="none-such", effective="date", on="2031-03-06")[1] == "/plan"
    assert refused(remove=["storage"], effective="date", on="2031-03-06") == (422, "/remove")
    company.move(datetime(2031, 3, 6, tzinfo=UTC))
    shown = company.get("billing", f"/v1/subscriptions/{subscription}")
    assert ([a["has_taken_effect"] for a in shown["amendments"]], shown["terms"][0]["quantity"]) == ([True], 12)
    company.assert_proved()
