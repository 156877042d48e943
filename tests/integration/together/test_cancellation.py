"""A cancellation in all four services: money, metering, rights and renewal end together."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.integration.together.company import Company

NOON = datetime(2031, 1, 10, 12, tzinfo=UTC)
REASON = {"reason": "budget_lost"}


def test_a_cancellation_ends_use_metering_and_renewal_and_settles_the_money(company: Company) -> None:
    subscription = company.sell(quantity=10)
    company.move(NOON)
    company.call("1", "2031-01-05T10:00:00Z", 700)
    assert company.access()["allowed"]
    path = f"/v1/subscriptions/{subscription}/cancellation"
    foreseen = company.post("billing", f"{path}/preview", REASON)
    cancelled = company.post("billing", path, REASON)
    assert (cancelled["status"], cancelled["cancellation"]["at"]) == ("cancelled", "2031-01-10T12:00:00Z")
    company.settle()
    first, last = company.invoices()
    assert (first["subtotal_minor"], last["subtotal_minor"]) == (31_000, 700)
    (note,) = first["credit_notes"]
    # 22 of 31 days of ten seats at 31.00, and the tax on that
    assert (note["amount_minor"], note["tax_minor"], note["reason"]) == (26_400, 4_400, "budget_lost")
    assert [(c["invoice"], c["net_minor"], c["total_minor"]) for c in foreseen["credits"]] == [
        (first["number"], 22_000, 26_400)
    ]
    assert [bill["metered"] for bill in foreseen["bills"]] == [["calls"]]
    assert (company.access()["allowed"], company.access()["reason"]) == (False, "expired")
    (opportunity,) = company.get("renewals", "/v1/opportunities")["items"]
    assert (opportunity["state"], opportunity["reason"]) == ("lost", "budget_lost")
    company.assert_proved()


def test_what_is_used_after_a_cancellation_is_on_no_invoice(company: Company) -> None:
    subscription = company.sell()
    company.move(NOON)
    company.call("ahead", "2031-01-10T12:03:00Z", 5)
    company.post("billing", f"/v1/subscriptions/{subscription}/cancellation", REASON)
    company.settle()
    company.call("behind", "2031-01-10T12:04:00Z", 7)
    company.call("late", "2031-01-09T12:00:00Z", 11)
    company.move(datetime(2031, 2, 2, tzinfo=UTC))
    usage = {line["charge"]: line["quantity"] for invoice in company.invoices() for line in invoice["lines"]}
    january = {"from": "2031-01-01T00:00:00Z", "to": "2031-02-01T00:00:00Z"}
    with company.services["usage"].working():
        statement = company.get("usage", "/v1/completeness", **january)
    assert {name: statement[name] for name in ("received", "metered", "unmatched")} == {
        "received": 3,
        "metered": 1,
        "unmatched": 2,
    }
    assert usage["calls"] == "11"
    (cut, withdrawn) = sorted(company.get("usage", "/v1/periods")["items"], key=lambda period: period["starts_at"])
    assert (cut["ends_at"], cut["status"], cut["count"]) == ("2031-01-10T12:00:00Z", "closed", 1)
    assert (withdrawn["ends_at"], withdrawn["status"]) == ("2031-02-01T00:00:00Z", "closed")
    company.assert_proved()


def test_a_command_to_what_was_cancelled_is_a_conflict_and_a_day_outside_the_term_names_its_field(
    company: Company,
) -> None:
    subscription = company.sell()
    billing, path = company.clients["billing"], f"/v1/subscriptions/{subscription}"
    outside = billing.post(f"{path}/cancellation", json=REASON | {"effective": "date", "on": "2032-01-02"})
    assert (outside.status_code, outside.json()["errors"][0]["pointer"]) == (422, "/on")
    nameless = billing.post(f"{path}/cancellation", json=REASON | {"effective": "date"})
    assert nameless.status_code == 422
    etag = billing.get(path).headers["ETag"]
    assert billing.post(f"{path}/cancellation", json=REASON, headers={"If-Match": etag}).status_code == 200
    assert billing.post(f"{path}/cancellation", json=REASON, headers={"If-Match": etag}).status_code == 412
    for again in ("cancellation", "cancellation/preview", "non-renewal"):
        assert billing.post(f"{path}/{again}", json=REASON).status_code == 409
    company.settle()
