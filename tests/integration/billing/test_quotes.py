"""The life of a quote over HTTP: drafted, approved, sent, and decided by the customer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.integration.billing.shop import CUSTOMER, LINE, PLAN, Shop
from tests.support.house import Service, settle


@pytest.fixture
def shop(billing: Service, tenant: str) -> Shop:
    return Shop(billing, tenant).open()


def problem(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["title"]


def pointer(answer: Any) -> str:
    return str(answer.json()["errors"][0]["pointer"])


def test_a_quote_goes_from_draft_to_accepted(shop: Shop) -> None:
    draft = shop.draft()
    assert (draft["status"], draft["purpose"], draft["customer"], draft["requested_by"]) == (
        "draft",
        "new",
        "F9",
        "rita",
    )
    sent = shop.send(draft["quote_id"])
    assert (sent["status"], sent["approved_by"]) == ("sent", "rita")
    accepted = shop.accept(sent["acceptance_token"])
    assert (accepted.status_code, accepted.json()["quote_id"], accepted.json()["quote_version"]) == (
        201,
        draft["quote_id"],
        1,
    )
    quote = shop.rita.get(f"/v1/quotes/{draft['quote_id']}").json()
    assert (quote["status"], quote["acceptance"]["name"]) == ("accepted", "Ann Buyer")
    assert "acceptance_token" not in quote or quote["acceptance_token"] is None


def test_a_line_ends_with_a_subscription_that_is_there_already(shop: Shop) -> None:
    accepted = shop.accept(shop.send(shop.draft()["quote_id"])["acceptance_token"]).json()
    settle([shop.billing])
    [first] = accepted["subscriptions"]
    [line] = shop.draft(starts_on="2031-10-15", ends_with=first)["lines"]
    assert (line["starts_on"], line["ends_on"]) == ("2031-10-15", "2032-01-01")
    added = {"starts_on": "2031-10-15", "ends_with": first}
    for form, where in (
        (added | {"term_months": 3}, "term_months"),
        (added | {"ends_with": f"sub_{uuid4().hex}"}, "ends_with"),
        (added | {"starts_on": "2032-01-01"}, "ends_with"),
    ):
        refused = shop.rita.post("/v1/quotes", json={"customer": "F9", "lines": [LINE | form]})
        assert (refused.status_code, pointer(refused)) == (422, f"/lines/0/{where}")


def test_a_quote_breaks_down_what_it_comes_to(shop: Shop) -> None:
    quote = shop.draft(discount_percent="10", quantity=2)
    [line] = quote["lines"]
    assert line["per_period"] == {
        "list_minor": 300000,
        "discount_minor": 30000,
        "net_minor": 270000,
        "tax_minor": 23963,
        "total_minor": 293963,
        "discounts": {"agreed": 30000},
    }
    assert quote["term"] == {
        "list_minor": 3600000,
        "discount_minor": 360000,
        "net_minor": 3240000,
        "tax_minor": 12 * 23963,
        "total_minor": 3240000 + 12 * 23963,
        "discounts": {"agreed": 360000},
    }
    assert quote["annual"] == {
        "prior_minor": 0,
        "uplift_percent": None,
        "list_minor": 3600000,
        "discount_minor": 360000,
        "booked_minor": 3240000,
    }
    assert (line["ends_on"], line["renewal"]["grace_days"], line["minimum"]["amount"]) == ("2032-01-01", 14, "5000.00")


def test_a_quote_shows_its_first_three_invoices(shop: Shop) -> None:
    first, second, third = shop.draft()["lines"][0]["first_invoices"]
    assert [invoice["issued_on"] for invoice in (first, second, third)] == ["2031-01-01", "2031-02-01", "2031-03-01"]
    assert (first["due_on"], first["subtotal_minor"], first["taxes"], first["total_minor"], first["metered"]) == (
        "2031-01-16",
        150000,
        {"0.08875": 13313},
        163313,
        [],
    )
    assert first["lines"][0]["ends_on"] == "2031-02-01"
    assert second["metered"] == ["Departures"]


@pytest.mark.parametrize(
    ("form", "status", "title", "where"),
    [
        ({"customer": "nobody"}, 404, "customer_not_found", "/customer"),
        ({"lines": [LINE | {"plan": "lounge"}]}, 404, "plan_not_found", "/lines/0/plan"),
        ({"lines": [LINE, LINE | {"plan_version": 7}]}, 404, "plan_not_found", "/lines/1/plan"),
        ({"lines": [LINE | {"quantity": 0}]}, 422, "not_positive", "/lines/0/quantity"),
        ({"lines": [LINE | {"discount_percent": "100.5"}]}, 422, "percent_too_high", "/lines/0/discount_percent"),
        ({"lines": [LINE | {"discount_percent": 12.5}]}, 422, "invalid_request", "/lines/0/discount_percent"),
        ({"lines": [LINE | {"discount_percent": "1E+1000000"}]}, 422, "invalid_request", "/lines/0/discount_percent"),
        ({"lines": [LINE | {"quantity": True}]}, 422, "invalid_request", "/lines/0/quantity"),
        ({"lines": [LINE | {"starts_on": "2031-02-30"}]}, 422, "invalid_request", "/lines/0/starts_on"),
        ({"lines": [LINE | {"starts_on": "9999-12-31"}]}, 422, "invalid_request", "/lines/0/starts_on"),
        ({"lines": [LINE | {"quantity": 10**9 - 1}]}, 422, "quote_too_large", "/lines"),
        ({"lines": [LINE | {"plan_version": 2**40}]}, 422, "invalid_request", "/lines/0/plan_version"),
        ({"lines": []}, 422, "nothing_quoted", "/lines"),
        ({"valid_until": "9999-12-31T23:59:59-12:00"}, 422, "invalid_request", "/valid_until"),
        ({"valid_until": "2031-01-01T00:00:00"}, 422, "invalid_request", "/valid_until"),
        ({"discount": "5"}, 422, "invalid_request", "/discount"),
    ],
)
def test_what_is_wrong_with_a_draft_is_named(shop: Shop, form: dict[str, Any], status: int, title: str, where: str):
    refused = shop.rita.post("/v1/quotes", json={"customer": "F9", "lines": [LINE]} | form)
    assert (*problem(refused), pointer(refused)) == (status, title, where)


def test_a_plan_without_a_price_in_the_customers_currency_is_not_quoted(shop: Shop) -> None:
    shop.rita.put("/v1/customers/LH", json=CUSTOMER | {"currency": "EUR"})
    refused = shop.rita.post("/v1/quotes", json={"customer": "LH", "lines": [LINE]})
    assert (*problem(refused), pointer(refused)) == (422, "no_price_in_currency", "/lines/0/plan")


def test_a_quote_stays_on_its_plan_version_and_a_revision_takes_the_current_one(shop: Shop) -> None:
    draft = shop.draft()
    shop.rita.put("/v1/plans/gate-use", json=PLAN | {"net_days": 30})
    url = f"/v1/quotes/{draft['quote_id']}"
    assert shop.rita.get(url).json()["lines"][0]["plan_version"] == 1
    assert shop.rita.post(f"{url}/revise", json={"lines": [LINE]}).json()["lines"][0]["plan_version"] == 2
    pinned = {"lines": [LINE | {"plan_version": 1}]}
    assert shop.rita.post(f"{url}/revise", json=pinned).json()["lines"][0]["net_days"] == 15


def test_every_version_of_a_quote_stays_readable(shop: Shop) -> None:
    draft = shop.draft()
    url = f"/v1/quotes/{draft['quote_id']}"
    revised = shop.dora.post(f"{url}/revise", json={"lines": [LINE | {"discount_percent": "2"}]}).json()
    assert (revised["quote_version"], revised["version"], revised["status"]) == (2, 2, "draft")
    first, second = (shop.rita.get(f"{url}/versions/{number}").json() for number in (1, 2))
    assert (first["written_by"], first["term"]["discount_minor"]) == ("rita", 0)
    assert (second["written_by"], second["term"]["discount_minor"]) == ("dora", 36000)
    assert shop.rita.get(f"{url}/versions/3").status_code == 404


def test_a_discount_over_the_limit_needs_somebody_elses_approval(shop: Shop) -> None:
    quote_id = shop.draft(discount_percent="20")["quote_id"]
    url = f"/v1/quotes/{quote_id}"
    pending = shop.rita.post(f"{url}/submit").json()
    assert (pending["status"], pending["approval"]["level"], pending["approval"]["discount_percent"]) == (
        "pending",
        "director",
        "20",
    )
    assert problem(shop.rita.post(f"{url}/send")) == (409, "invalid_transition")
    assert problem(shop.rita.post(f"{url}/approve")) == (403, "approver_is_requester")
    approved = shop.dora.post(f"{url}/approve").json()
    assert (approved["status"], approved["approved_by"]) == ("approved", "dora")
    assert shop.rita.post(f"{url}/send").json()["status"] == "sent"


def test_approving_needs_its_own_scope(shop: Shop) -> None:
    url = f"/v1/quotes/{shop.draft(discount_percent='20')['quote_id']}"
    shop.rita.post(f"{url}/submit")
    seller = shop.billing.client(shop.tenant, scopes=["billing:quotes"], subject="sam")
    assert problem(seller.post(f"{url}/approve")) == (403, "scope_missing")


def test_a_refused_quote_is_a_draft_again_and_says_why(shop: Shop) -> None:
    url = f"/v1/quotes/{shop.draft(discount_percent='90')['quote_id']}"
    assert shop.rita.post(f"{url}/submit").json()["approval"]["level"] == "executive"
    refused = shop.dora.post(f"{url}/refuse", json={"reason": "too cheap"}).json()
    assert (refused["status"], refused["reason"]) == ("draft", "too cheap")
    assert shop.rita.post(f"{url}/revise", json={"lines": [LINE]}).json()["reason"] is None
    assert shop.rita.post(f"{url}/submit").json()["status"] == "approved"


def test_a_quote_is_declined_or_withdrawn_with_a_reason(shop: Shop) -> None:
    declined, withdrawn = (shop.send(shop.draft()["quote_id"]) for _ in range(2))
    for quote, verb, status in ((declined, "decline", "declined"), (withdrawn, "withdraw", "withdrawn")):
        url = f"/v1/quotes/{quote['quote_id']}"
        closed = shop.rita.post(f"{url}/{verb}", json={"reason": "budget"}).json()
        assert (closed["status"], closed["reason"]) == (status, "budget")
        assert problem(shop.accept(quote["acceptance_token"])) == (409, "invalid_transition")
        assert problem(shop.rita.post(f"{url}/submit")) == (409, "invalid_transition")


def test_a_key_that_came_with_another_body_is_refused(shop: Shop) -> None:
    key = {"Idempotency-Key": "draft-1"}
    body = {"customer": "F9", "lines": [LINE]}
    assert shop.rita.post("/v1/quotes", json=body, headers=key).status_code == 201
    other = shop.rita.post("/v1/quotes", json=body | {"external_id": "CRM-2"}, headers=key)
    assert problem(other) == (422, "idempotency_key_reused")
    assert len(shop.rita.get("/v1/quotes").json()["items"]) == 1


def test_a_quote_ends_in_the_future_and_by_itself_after_thirty_days(shop: Shop) -> None:
    quote_id = shop.draft()["quote_id"]
    url = f"/v1/quotes/{quote_id}"
    shop.rita.post(f"{url}/submit")
    past = shop.rita.post(f"{url}/send", json={"valid_until": "2020-01-01T00:00:00Z"})
    assert (*problem(past), pointer(past)) == (422, "validity_over", "/valid_until")
    until = datetime.fromisoformat(shop.rita.post(f"{url}/send").json()["valid_until"])
    assert timedelta(days=30) < until - datetime.now(UTC) < timedelta(days=31, hours=1)


def test_quotes_are_found_by_what_is_known_of_them(shop: Shop) -> None:
    shop.rita.put("/v1/customers/WN", json=CUSTOMER)
    for customer, external_id in (("F9", "CRM-1"), ("F9", "CRM-2"), ("WN", "CRM-3")):
        body = {"customer": customer, "external_id": external_id, "lines": [LINE]}
        shop.rita.post("/v1/quotes", json=body)
    shop.send(shop.rita.get("/v1/quotes?external_id=CRM-2").json()["items"][0]["quote_id"])

    def found(**query: str) -> list[str]:
        answer = shop.rita.get("/v1/quotes", params=query)
        assert answer.status_code == 200, answer.text
        return sorted(quote["external_id"] for quote in answer.json()["items"])

    assert found() == found(purpose="new") == ["CRM-1", "CRM-2", "CRM-3"]
    assert found(customer="F9") == ["CRM-1", "CRM-2"]
    assert found(status="sent") == ["CRM-2"]
    assert found(customer="WN", status="sent") == found(purpose="renewal") == []
    assert found(opportunity_id=f"opp_{uuid4().hex}") == found(subscription_id=f"sub_{uuid4().hex}") == []
    assert shop.rita.get("/v1/quotes?status=lost").status_code == 422


def test_another_tenant_neither_sees_nor_changes_a_quote(shop: Shop) -> None:
    url = f"/v1/quotes/{shop.draft()['quote_id']}"
    other = shop.billing.client(f"other-{uuid4().hex}")
    assert other.get(url).status_code == other.post(f"{url}/submit").status_code == 404
    assert other.post(f"{url}/revise", json={"lines": [LINE]}).status_code == 404


def test_a_stale_if_match_is_refused(shop: Shop) -> None:
    url = f"/v1/quotes/{shop.draft()['quote_id']}"
    shop.rita.post(f"{url}/revise", json={"lines": [LINE | {"quantity": 2}]})
    late = shop.rita.post(f"{url}/submit", headers={"If-Match": '"1"'})
    assert problem(late) == (412, "stream_moved")
