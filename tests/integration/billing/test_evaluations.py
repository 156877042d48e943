"""The known answers over HTTP."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.cases import rows
from tests.integration.request_parts import TRIALS
from tests.support.house import Service

PER_UNIT = {"model": "per_unit", "unit_amount": "0.1"}
TRIAL = {"currency": "EUR", "price": PER_UNIT, "quantity": "3"}


@pytest.fixture
def clerk(billing: Service) -> TestClient:
    """Allowed to try things out, and nothing else."""
    return billing.client("acme", scopes=["billing:preview"])


def told(clerk: TestClient, path: str, row: dict[str, Any]) -> dict[str, Any]:
    answer = clerk.post(path, json={name: value for name, value in row.items() if name not in ("id", "expected")})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def decimals(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: decimals(value) if isinstance(value, dict) else Decimal(value) for name, value in answer.items()}


@pytest.mark.parametrize("row", rows("rating"), ids=lambda row: row["id"])
def test_an_evaluated_price_meets_the_known_answer(clerk: TestClient, row: dict[str, Any]) -> None:
    answer = told(clerk, "/v1/prices/evaluate", row)
    assert decimals({name: answer[name] for name in row["expected"]}) == decimals(row["expected"])
    minor = sum(line["amount_minor"] for line in answer["lines"])
    assert answer["amount_minor"] == minor


@pytest.mark.parametrize("row", rows("proration"), ids=lambda row: row["id"])
def test_an_evaluated_part_meets_the_known_answer(clerk: TestClient, row: dict[str, Any]) -> None:
    answer = told(clerk, "/v1/prorations/evaluate", row)
    assert {name: answer[name] for name in row["expected"]} == row["expected"]
    exact = Decimal(row["amount"]) * answer["numerator"] / answer["denominator"]
    assert abs(exact - Decimal(answer["amount"])) < Decimal("1e-20")


@pytest.mark.parametrize("row", rows("periods"), ids=lambda row: row["id"])
def test_previewed_periods_meet_the_known_answer(clerk: TestClient, row: dict[str, Any]) -> None:
    answer = told(clerk, "/v1/billing-periods/preview", row | {"count": len(row["expected"])})
    assert answer == {"periods": row["expected"]}


@pytest.mark.parametrize("row", rows("invoices"), ids=lambda row: row["id"])
def test_a_previewed_invoice_meets_the_known_answer(clerk: TestClient, row: dict[str, Any]) -> None:
    answer = told(clerk, "/v1/invoices/preview", row)
    assert {name: answer[name] for name in row["expected"]} == row["expected"]
    assert answer["subtotal_minor"] - answer["discount_minor"] + answer["tax_minor"] == answer["total_minor"]
    assert answer["total_minor"] - answer["credit_minor"] == answer["due_minor"]


@pytest.mark.parametrize("row", rows("credit_notes"), ids=lambda row: row["id"])
def test_a_previewed_credit_note_meets_the_known_answer(clerk: TestClient, row: dict[str, Any]) -> None:
    assert told(clerk, "/v1/credit-notes/preview", row) == row["expected"]


@pytest.mark.parametrize("row", rows("commitments"), ids=lambda row: row["id"])
def test_an_evaluated_true_up_meets_the_known_answer(clerk: TestClient, row: dict[str, Any]) -> None:
    assert told(clerk, "/v1/true-ups/evaluate", row) == row["expected"]


def test_an_evaluated_price_tells_its_tiers_in_numbers_and_in_words(clerk: TestClient) -> None:
    answer = told(clerk, "/v1/prices/evaluate", TRIALS["POST /v1/prices/evaluate"] | {"quantity": "130"})
    [line] = answer["lines"]
    assert [(tier["from_quantity"], tier["up_to"], tier["quantity"], tier["amount"]) for tier in answer["tiers"]] == [
        ("0", "10", "10", "12"),
        ("10", None, "3", "1.5"),
    ]
    assert (line["amount"], line["amount_minor"], line["residue"]) == ("10.150", 1015, "0.000000000000")
    assert line["reading"] == [
        "10 at 1 up to 10 and 2 flat: 12 EUR",
        "3 at 0.5 above: 1.5 EUR",
        "rounded to 1015 minor units of EUR, residue 0.000000000000",
    ]


def test_no_amount_is_written_with_an_exponent(clerk: TestClient) -> None:
    price = {"model": "per_unit", "unit_amount": "1E+3"}
    answer = told(clerk, "/v1/prices/evaluate", TRIAL | {"price": price, "quantity": "0.000000000001"})
    assert (answer["amount"], answer["tiers"][0]["unit_amount"]) == ("0.000000001", "1000")


def test_groups_are_rounded_each_by_itself(clerk: TestClient) -> None:
    usage = {"currency": "EUR", "price": PER_UNIT, "groups": {"a": "0.04", "b": "0.04", "c": "-1"}}
    answer = told(clerk, "/v1/prices/evaluate", usage)
    assert (answer["amount"], answer["amount_minor"]) == ("0.008", 0)
    assert decimals(answer["groups"]) == {"a": Decimal("0.004"), "b": Decimal("0.004"), "c": 0}
    assert [(line["group"], line["clamped_from"]) for line in answer["lines"]] == [
        ("a", None),
        ("b", None),
        ("c", "-1"),
    ]
