"""Every known answer of `cases/rating.json`, of every model."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, get_args

import msgspec
import pytest

from services.billing.domain.pricing.evaluation import Usage, evaluate
from services.billing.domain.pricing.price import Model, Price
from services.billing.domain.pricing.rated import BilledBefore
from tests.cases import rows

ROWS = rows("rating")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_rating_meets_the_known_answer(row: dict[str, Any]) -> None:
    answer = evaluated(row)
    assert {name: answer[name] for name in row["expected"]} == decimals(row["expected"])


def test_the_known_answers_cover_every_model() -> None:
    assert {row["price"]["model"] for row in ROWS} == set(get_args(Model))


def evaluated(row: dict[str, Any]) -> dict[str, Any]:
    usage = msgspec.convert({name: row[name] for name in ("quantity", "events", "groups") if name in row}, Usage)
    before = msgspec.convert(row["billed_before"], BilledBefore) if "billed_before" in row else None
    price, last = msgspec.convert(row["price"], Price), row.get("last_of_period", False)
    answer = evaluate(price, row["currency"], usage, before, last_of_period=last)
    return {
        "amount": answer.amount,
        "amount_minor": answer.amount_money.minor,
        "discount": answer.discount,
        "minimum_line": answer.minimum_line,
        "groups": {group: line.amount for group, line in answer.lines.items()},
    }


def decimals(row: dict[str, Any]) -> dict[str, Any]:
    return {name: decimals(value) if isinstance(value, dict) else Decimal(value) for name, value in row.items()}
