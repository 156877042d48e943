"""Known answers for taxes by place: each is what fractions say, what the domain says, and what was written down."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
import pytest

from services.billing.domain.invoice_line import InvoiceLine
from services.billing.domain.invoicing.totals import invoice_totals
from services.billing.domain.tax_status import TaxStatus
from services.billing.domain.taxation.lines import TaxedAs, taxed
from services.billing.domain.taxation.rates import Taxation
from shared.money import Money, exponent
from tests.cases import rows
from tests.unit.billing.firm import Firm
from tests.unit.billing.tax_oracle import half_away

SAMPLE: InvoiceLine = next(line for line in Firm().closed({"JFK": 1}).original.lines if line.kind == "flat")
ROWS = pytest.mark.parametrize("row", rows("taxes"), ids=lambda row: row["id"])


@ROWS
def test_an_invoice_by_place_meets_the_known_answer(row: dict[str, Any]) -> None:
    by = TaxedAs(status(row), msgspec.convert({"rounding": row["rounding"], "places": row["places"]}, Taxation))
    lines = [taxed(line(row, each), date.fromisoformat(row["billing_on"]), by) for each in row["lines"]]
    totals = invoice_totals(lines, row["currency"], by.rounding)
    assert [line.net.minor for line in lines] == row["expected"]["net_minor"]
    assert {key: tax.minor for key, tax in totals.taxes.items()} == row["expected"]["taxes"]
    assert totals.total.minor == row["expected"]["total_minor"]


@ROWS
def test_the_known_answer_is_what_fractions_say(row: dict[str, Any]) -> None:
    nets, exact, rounded = [], defaultdict[str, Fraction](Fraction), Counter[str]()
    for each in row["lines"]:
        price = int(Decimal(each["price"]).scaleb(exponent(row["currency"])))
        factors = due(row, each)
        whole = 1 + sum(factors.values(), Fraction(0)) if row["inclusive"] else Fraction(1)
        parts = {key: half_away(price * factor / whole) for key, factor in factors.items()}
        nets.append(price - sum(parts.values()) if row["inclusive"] else price)
        for key, factor in factors.items():
            exact[key] += price * factor
            rounded[key] += parts[key]
    by_line = row["inclusive"] or row["rounding"] == "tax_per_line"
    taxes = {key: rounded[key] if by_line else half_away(exact[key]) for key in exact}
    charged = {} if "status" in row else taxes
    total = sum(nets) + sum(charged.values())
    assert row["expected"] == {"net_minor": nets, "taxes": charged, "total_minor": total}


def due(row: dict[str, Any], of: dict[str, str]) -> dict[str, Fraction]:
    """What of the net each tax is, by its key: the last rate that began by the tax point, of the narrowest place."""
    day = min(date.fromisoformat(of["ends_on"]) - timedelta(days=1), date.fromisoformat(row["billing_on"])).isoformat()
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for place in row["places"]:
        begun = [rate for rate in place["rates"] if rate["category"] == of["category"] and rate["from_on"] <= day]
        for rate in sorted(begun, key=lambda rate: str(rate["from_on"])):
            if day < rate.get("until_on", "9999"):
                found[rate["code"]] = place["place"], rate
    factors: dict[str, Fraction] = {}
    for place_code, rate in found.values():
        so_far = 1 + sum(factors.values(), Fraction(0)) if rate.get("compound") else Fraction(1)
        key = f"{place_code} {rate['code']} {rate['category']} {rate['rate']}"
        factors[key] = Fraction(rate["rate"]) * so_far
    return factors


def line(row: dict[str, Any], of: dict[str, str]) -> InvoiceLine:
    price = Money.rounded(Decimal(of["price"]), row["currency"])
    return replace(
        SAMPLE,
        amount=price,
        ends_on=date.fromisoformat(of["ends_on"]),
        tax_rates=(),
        tax_category=of["category"],
        tax_inclusive=row["inclusive"],
    )


def status(row: dict[str, Any]) -> TaxStatus | None:
    return TaxStatus(treatment=row["status"], reference="1") if "status" in row else None
