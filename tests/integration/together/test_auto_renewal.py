"""A term that renews by itself in all four services, and one that does not because nobody was told."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.integration.together.company import POLICY, Company

NOTICE = {"sent_at": "2031-11-01T09:00:00Z", "channel": "mail", "reference": "letter 4711"}


def test_a_term_that_renews_by_itself_extends_the_rights_and_wins_its_opportunity(company: Company) -> None:
    company.put("renewals", "/v1/policies/standard", POLICY | {"auto": {"notice_days": 30, "price_cap_percent": "5"}})
    company.settle()
    subscription = company.sell(quantity=10)
    company.move(datetime(2031, 11, 2, tzinfo=UTC))
    path = f"/v1/subscriptions/{subscription}"
    shown = company.post("billing", f"{path}/legal-notice", NOTICE)
    assert shown["terms"][0]["renewal"]["auto"] == {"notice_days": 30, "price_cap_percent": "5"}
    company.move(datetime(2031, 12, 2, tzinfo=UTC))
    first, second = company.get("billing", path)["terms"]
    assert (second["starts_on"], second["ends_on"]) == ("2032-01-01", "2033-01-01")
    assert (first["base_minor"], second["base_minor"]) == (372_000, 386_880)  # 4 % more
    (right,) = company.get("entitlement", "/v1/entitlements")["items"]
    assert right["ends_at"] == "2033-01-01T00:00:00Z"
    (won,) = company.get("renewals", "/v1/opportunities")["items"]
    assert (won["state"], won["mode"], won["booked_minor"], won["on_time"]) == ("won", "auto", 386_880, True)
    (quote,) = company.get("billing", "/v1/quotes", purpose="renewal")["items"]
    assert quote["status"] == "withdrawn"
    late = company.clients["billing"].post(f"{path}/non-renewal", json={"reason": "budget_lost"})
    assert (late.status_code, late.json()["title"]) == (409, "notice_over")
    company.assert_proved()


def test_nothing_renews_by_itself_without_proof_of_the_notice(company: Company) -> None:
    company.put("renewals", "/v1/policies/standard", POLICY | {"auto": {}})
    company.settle()
    subscription = company.sell(quantity=10)
    company.move(datetime(2031, 12, 2, tzinfo=UTC))
    assert len(company.get("billing", f"/v1/subscriptions/{subscription}")["terms"]) == 1
    (opportunity,) = company.get("renewals", "/v1/opportunities")["items"]
    assert opportunity["state"] == "open"
    company.move(datetime(2032, 1, 1, tzinfo=UTC))
    assert company.get("billing", f"/v1/subscriptions/{subscription}")["status"] == "lapsed"
