"""A trial in all four services: it may be used, it costs nothing, and renewal begins with the first term."""

from __future__ import annotations

from datetime import UTC, datetime

from shared.contracts.billing_terms import TrialEndingV1
from tests.integration.together.company import PLAN, Company
from tests.support.published import published


def test_a_trial_gives_rights_and_becomes_a_term_that_is_billed_and_renewed(company: Company) -> None:
    company.publish("team", PLAN | {"trial_days": 14, "calendar": False})
    subscription = company.sell(quantity=10)
    company.move(datetime(2031, 1, 10, tzinfo=UTC))
    path = f"/v1/subscriptions/{subscription}"
    shown = company.get("billing", path)
    assert (shown["status"], shown["trial"]["ends_on"], shown["terms"][0]["starts_on"]) == (
        "trialing",
        "2031-01-15",
        "2031-01-15",
    )
    assert company.access()["allowed"]
    assert company.invoices() == company.get("renewals", "/v1/opportunities", state="tracked")["items"] == []
    refused = company.clients["billing"].post(f"{path}/amendments", json={"quantity": 3})
    assert (refused.status_code, refused.json()["title"]) == (409, "invalid_transition")
    converted = company.post("billing", f"{path}/trial/convert")
    assert (converted["status"], converted["terms"][0]["ends_on"]) == ("active", "2032-01-10")
    company.settle()
    (first,) = company.invoices()
    assert (first["issued_on"], first["subtotal_minor"]) == ("2031-01-10", 31_000)
    (right,) = company.get("entitlement", "/v1/entitlements")["items"]
    assert (right["status"], right["ends_at"], right["quantity"]) == ("active", "2032-01-10T00:00:00Z", 10)
    (opportunity,) = company.get("renewals", "/v1/opportunities", state="tracked")["items"]
    assert (opportunity["due_on"], opportunity["base_minor"]) == ("2032-01-09", 372_000)
    company.assert_proved()


def test_the_end_of_a_trial_is_told_once_so_many_days_before(company: Company, tenant: str) -> None:
    company.publish("team", PLAN | {"trial_days": 14, "trial_reminder_days": 10, "calendar": False})
    assert company.get("billing", "/v1/plans/team")["trial_reminder_days"] == 10
    subscription = company.sell(quantity=10, trial_reminder_days=3)
    (quote,) = company.get("billing", "/v1/quotes")["items"]
    (line,) = company.get("billing", f"/v1/quotes/{quote['quote_id']}")["lines"]
    trial = company.get("billing", f"/v1/subscriptions/{subscription}")["trial"]
    assert (line["trial_reminder_days"], trial["reminded_on"]) == (3, "2031-01-12")
    company.move(datetime(2031, 1, 11, 23, 59, tzinfo=UTC))
    assert reminders(company, tenant) == []
    company.move(datetime(2031, 1, 16, tzinfo=UTC))
    (told,) = reminders(company, tenant)
    assert (told.days_left, told.converts, told.term_number) == (3, True, 0)
    company.assert_proved()
    company.assert_rebuilt(tenant)


def reminders(company: Company, tenant: str) -> list[TrialEndingV1]:
    messages = published(company.services["billing"], "billing.subscriptions", tenant)
    return [message.read(TrialEndingV1) for message in messages if message.type == TrialEndingV1.TYPE]


def test_a_reminder_is_of_three_to_twenty_one_days(company: Company) -> None:
    for days in (2, 22):
        refused = company.clients["billing"].put("/v1/plans/odd", json=PLAN | {"trial_reminder_days": days})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/trial_reminder_days")


def test_a_trial_that_is_longer_by_its_quote_goes_on_by_itself_without_a_denial(company: Company) -> None:
    subscription = company.sell(quantity=10, trial_days=20)
    (quote,) = company.get("billing", "/v1/quotes")["items"]
    (line,) = company.get("billing", f"/v1/quotes/{quote['quote_id']}")["lines"]
    assert (line["starts_on"], line["trial_days"], line["first_invoices"][0]["issued_on"]) == (
        "2031-01-21",
        20,
        "2031-01-21",
    )
    company.move(datetime(2031, 1, 20, 23, 59, tzinfo=UTC))
    assert (company.access()["allowed"], company.invoices()) == (True, [])
    company.move(datetime(2031, 1, 21, tzinfo=UTC))
    assert company.get("billing", f"/v1/subscriptions/{subscription}")["status"] == "active"
    assert company.access()["allowed"]
    (right,) = company.get("entitlement", "/v1/entitlements")["items"]
    history = company.get("entitlement", f"/v1/entitlements/{right['entitlement_id']}/history")
    assert "entitlement_expired" not in str(history)
    assert len(company.invoices()) == 1
