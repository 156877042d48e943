"""Every known answer of `cases/rating.json`, of every model."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, get_args

import msgspec
import pytest

from services.billing.domain.pricing.events import rate_events
from services.billing.domain.pricing.price import Model, Price
from services.billing.domain.pricing.rate import Rating
from services.billing.domain.pricing.rated import BilledBefore, Rated
from services.billing.domain.pricing.validation import validate
from tests.cases import rows

ROWS = rows("rating")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_rating_meets_the_known_answer(row: dict[str, Any]) -> None:
    price = msgspec.convert(row["price"], Price)
    validate(price)
    answer = grouped(price, row) if "groups" in row else single(price, row)
    assert {name: answer[name] for name in row["expected"]} == decimals(row["expected"])


def test_the_known_answers_cover_every_model() -> None:
    assert {row["price"]["model"] for row in ROWS} == set(get_args(Model))


def single(price: Price, row: dict[str, Any]) -> dict[str, Any]:
    before = msgspec.convert(row["billed_before"], BilledBefore) if "billed_before" in row else None
    last = row.get("last_of_period", False)
    if "events" in row:
        values = [Decimal(value) for value in row["events"]]
        return told(rate_events(price, values, row["currency"], before, last_of_period=last))
    return told(Rating.of(price, row["currency"]).line(Decimal(row["quantity"]), before, last_of_period=last))


def grouped(price: Price, row: dict[str, Any]) -> dict[str, Any]:
    rated = Rating.of(price, row["currency"]).groups(decimals(row["groups"]))
    amounts = {group: line.amount for group, line in rated.items()}
    return {"amount": sum(amounts.values()), "groups": amounts}


def told(rated: Rated) -> dict[str, Any]:
    return {
        "amount": rated.amount,
        "amount_minor": rated.amount_money.minor,
        "discount": rated.discount,
        "minimum_line": rated.minimum_line,
    }


def decimals(row: dict[str, Any]) -> dict[str, Any]:
    return {name: decimals(value) if isinstance(value, dict) else Decimal(value) for name, value in row.items()}
