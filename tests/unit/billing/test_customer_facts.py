"""How much is known of a customer, and what stands in its row."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from services.billing.domain.customer import Customer
from services.billing.domain.customer_facts import Completeness, completeness
from services.billing.projections import later_fields

CUSTOMER = Customer(
    key="F9", name="Frontier", zone="UTC", currency="USD", locale="en", segment="", region="", external_refs={}
)
ALL: dict[str, Any] = {"size_band": "medium", "industry": "aviation", "region": "us", "tier": "gold"}


@pytest.mark.parametrize(
    ("said", "percent", "missing"),
    [
        ({}, 0, ["size_band", "industry", "region", "tier"]),
        ({"tier": "gold"}, 25, ["size_band", "industry", "region"]),
        (ALL | {"industry": "  "}, 75, ["industry"]),
        (ALL | {"size_band": None}, 75, ["size_band"]),
        (ALL, 100, []),
    ],
)
def test_completeness_counts_the_facts_that_say_something(
    said: dict[str, Any], percent: int, missing: list[str]
) -> None:
    assert completeness(said) == Completeness(percent=percent, missing=missing)


def test_the_row_of_a_customer_of_whom_no_fact_is_said_is_that_of_the_release_before() -> None:
    later = {"size_band", "industry", "tier"}
    before = {name: value for name, value in msgspec.to_builtins(CUSTOMER).items() if name not in later}
    assert later_fields.told(CUSTOMER) == before
    assert later_fields.told(replace(CUSTOMER, **ALL)) == before | ALL
