"""What cannot be evaluated is refused with the name of what has to change."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.integration.billing.test_evaluations import PER_UNIT, TRIAL, clerk
from tests.integration.request_parts import TRIALS

__all__ = ["clerk"]


def refused(clerk: TestClient, path: str, body: dict[str, Any]) -> tuple[str, str]:
    answer = clerk.post(path, json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json"), answer.text
    first = answer.json()["errors"][0]
    return first["code"], first["pointer"]


def tiered(*tiers: dict[str, Any], **parts: Any) -> dict[str, Any]:
    return TRIAL | {"price": {"model": "graduated", "tiers": list(tiers), **parts}}


def tier(up_to: str | None, unit_amount: str = "1") -> dict[str, Any]:
    return {"up_to": up_to, "unit_amount": unit_amount}


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        (tiered(tier("10"), tier("5"), tier(None)), "tiers_overlap", "/price/tiers/1/up_to"),
        (tiered(tier("10"), tier("10"), tier(None)), "tiers_overlap", "/price/tiers/1/up_to"),
        (tiered(tier("10"), tier(None), tier(None)), "two_open_tiers", "/price/tiers/1/up_to"),
        (tiered(tier("10"), tier("20")), "last_tier_not_open", "/price/tiers/1/up_to"),
        (tiered(tier("-10"), tier(None)), "negative_number", "/price/tiers/0/up_to"),
        (tiered(tier(None, "-1")), "negative_number", "/price/tiers/0/unit_amount"),
        (tiered(tier(None), maximum_amount="1", minimum_amount="2"), "limits_crossed", "/price/minimum_amount"),
        (tiered(), "part_missing", "/price/tiers"),
        (TRIAL | {"price": {"model": "free"}}, "literal_error", "/price/model"),
        (TRIAL | {"price": PER_UNIT | {"package": {"size": "1", "amount": "1"}}}, "part_not_allowed", "/price/package"),
        (TRIAL | {"price": PER_UNIT | {"surcharge": "1"}}, "unexpected_keyword_argument", "/price/surcharge"),
        (
            TRIAL | {"price": {"model": "package", "package": {"size": "0", "amount": "1"}}},
            "not_positive",
            "/price/package/size",
        ),
        (TRIAL | {"currency": "EUX"}, "unknown_currency", "/currency"),
        (TRIAL | {"currency": "eur"}, "string_pattern_mismatch", "/currency"),
        (TRIAL | {"events": ["1"]}, "usage_unclear", "/quantity"),
        ({"currency": "EUR", "price": PER_UNIT}, "usage_unclear", "/quantity"),
        (TRIAL | {"quantity": None, "events": ["1"]}, "events_not_priced", "/events"),
        (
            TRIAL | {"price": {"model": "percentage", "percentage": {"rate": "0.1", "free_events": 1}}},
            "events_needed",
            "/events",
        ),
        (TRIAL | {"quantity": "1e3"}, "not_a_decimal", "/quantity"),
        (TRIAL | {"quantity": 1.5}, "floating_amount", "/quantity"),
    ],
)
def test_a_price_that_says_nothing_clear_is_refused_by_name(
    clerk: TestClient, body: dict[str, Any], code: str, pointer: str
) -> None:
    assert refused(clerk, "/v1/prices/evaluate", body) == (code, pointer)


def test_groups_are_not_evaluated_in_slices(clerk: TestClient) -> None:
    body = {
        "currency": "EUR",
        "price": PER_UNIT,
        "groups": {"a": "1"},
        "billed_before": {"quantity": "1", "amount": "1"},
    }
    assert refused(clerk, "/v1/prices/evaluate", body) == ("slice_not_possible", "/billed_before")


@pytest.mark.parametrize(
    ("path", "change", "code", "pointer"),
    [
        ("prorations/evaluate", {"zone": "Mars/Olympus"}, "unknown_zone", "/zone"),
        ("prorations/evaluate", {"policy": "weeks"}, "literal_error", "/policy"),
        (
            "prorations/evaluate",
            {"part": {"starts_on": "2031-02-28", "ends_on": "2031-03-02"}},
            "part_outside_period",
            "/part/starts_on",
        ),
        ("billing-periods/preview", {"count": 0}, "greater_than_equal", "/count"),
        ("billing-periods/preview", {"every": "fortnight"}, "literal_error", "/every"),
        ("true-ups/evaluate", {"part": "1/0"}, "string_pattern_mismatch", "/part"),
        (
            "invoices/preview",
            {"lines": [{"id": "a", "amount": "1", "tax_rates": ["19"]}]},
            "invalid_tax_rate",
            "/lines/0/tax_rates/0",
        ),
        (
            "invoices/preview",
            {"lines": [{"id": "a", "amount": "1"}, {"id": "a", "amount": "1"}]},
            "line_repeated",
            "/lines/1/id",
        ),
        (
            "invoices/preview",
            {"coupons": [{"id": "c", "percent": "10"}, {"id": "c", "percent": "10"}]},
            "coupon_repeated",
            "/coupons/1/id",
        ),
        ("invoices/preview", {"coupons": [{"id": "c"}]}, "reduction_unclear", "/coupons/0"),
        ("invoices/preview", {"coupons": [{"id": "c", "percent": "101"}]}, "percent_too_high", "/coupons/0/percent"),
        ("invoices/preview", {"wallets": [{"id": "w", "balance": "-1"}]}, "negative_number", "/wallets/0/balance"),
        ("invoices/preview", {"wallets": [{"id": "w", "balance": "0.001"}]}, "too_many_places", "/wallets/0/balance"),
        (
            "invoices/preview",
            {"credit_notes": [{"id": "n", "amount": "-1"}]},
            "negative_number",
            "/credit_notes/0/amount",
        ),
        ("invoices/preview", {"currency": "EUX"}, "unknown_currency", "/currency"),
        ("credit-notes/preview", {"tax_rate": "1.5"}, "invalid_tax_rate", "/tax_rate"),
    ],
)
def test_what_cannot_be_previewed_is_refused_by_name(
    clerk: TestClient, path: str, change: dict[str, Any], code: str, pointer: str
) -> None:
    body = TRIALS[f"POST /v1/{path}"] | change
    assert refused(clerk, f"/v1/{path}", body) == (code, pointer)
