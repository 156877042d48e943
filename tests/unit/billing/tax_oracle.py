"""What tax has to be, computed anew with fractions from what the lines of an invoice came to before tax was looked at."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

from services.billing.domain.invoice.state import Invoice
from services.billing.domain.invoice_line import InvoiceLine
from services.billing.domain.taxation.rates import PlaceRates, Taxation, TaxRate
from tests.unit.billing.firm import AGREED, FEE, GATES, MINIMUM

LATER = date(2013, 2, 1)
PLACES = (
    PlaceRates(
        place="US",
        rates=(
            TaxRate(code="federal", category="standard", rate="0.0333", from_on=date(2000, 1, 1)),
            TaxRate(code="federal", category="standard", rate="0.05", from_on=LATER),
        ),
    ),
    PlaceRates(
        place="US-NY",
        rates=(
            TaxRate(code="state", category="standard", rate="0.08875", from_on=date(2000, 1, 1), compound=True),
            TaxRate(code="state", category="reduced", rate="0.07", from_on=date(2000, 1, 1)),
            TaxRate(code="state", category="zero", rate="0", from_on=date(2000, 1, 1)),
        ),
    ),
)
NEW_YORK = Taxation(place="US-NY", places=PLACES)
# On the categories, from when on, and what of the net it is in all.
FACTORS: dict[str, list[tuple[date, dict[str, Fraction]]]] = {
    "standard": [
        (
            date.min,
            {
                "US federal standard 0.0333": Fraction(333, 10_000),
                "US-NY state standard 0.08875": Fraction(8875, 100_000) * Fraction(10_333, 10_000),
            },
        ),
        (
            LATER,
            {
                "US federal standard 0.05": Fraction(5, 100),
                "US-NY state standard 0.08875": Fraction(8875, 100_000) * Fraction(105, 100),
            },
        ),
    ],
    "reduced": [(date.min, {"US-NY state reduced 0.07": Fraction(7, 100)})],
    "zero": [(date.min, {"US-NY state zero 0": Fraction(0)})],
    "unlisted": [(date.min, {})],
}


def sold(fee: str, gates: str, minimum: str, *, inclusive: bool) -> Any:
    """The line of the firm with categories in the place of rates."""
    charges = (
        replace(FEE, tax_rates=(), tax_category=fee),
        replace(GATES, tax_rates=(), tax_category=gates),
    )
    least = replace(MINIMUM, tax_rates=(), tax_category=minimum)
    return replace(AGREED, charges=charges, minimum=least, tax_inclusive=inclusive)


def half_away(exact: Fraction) -> int:
    whole = int(abs(exact) + Fraction(1, 2))
    return -whole if exact < 0 else whole


def factors(line: InvoiceLine, billing_on: date) -> dict[str, Fraction]:
    last_day = date.fromordinal(line.ends_on.toordinal() - 1)
    listed = FACTORS[line.tax_category or "unlisted"]
    return [found for since, found in listed if since <= min(last_day, billing_on)][-1]


def assert_taxed(invoice: Invoice, prices: Iterable[int], *, inclusive: bool, per_line: bool) -> None:
    """`prices` are what the lines came to in minor units, before tax was added or taken out."""
    by_rate: dict[str, list[Fraction]] = defaultdict(list)
    rounded: Counter[str] = Counter()
    nets = []
    for line, price in zip(invoice.lines, prices, strict=True):
        due = factors(line, invoice.header.bill.billing_on)
        whole = 1 + sum(due.values()) if inclusive else Fraction(1)
        parts = {key: half_away(price * factor / whole) for key, factor in due.items()}
        nets.append(price - sum(parts.values()) if inclusive else price)
        for key, factor in due.items():
            by_rate[key].append(price * factor)
            rounded[key] += parts[key]
    wanted = {
        key: rounded[key] if inclusive or per_line else half_away(sum(exact, Fraction(0)))
        for key, exact in by_rate.items()
    }
    assert [line.amount.minor for line in invoice.lines] == nets
    assert {key: tax.minor for key, tax in invoice.totals.taxes.items()} == wanted
    assert invoice.totals.tax.minor == sum(wanted.values())
    assert invoice.totals.total == invoice.totals.subtotal + invoice.totals.tax
    if inclusive:
        assert invoice.totals.total.minor == sum(prices)
