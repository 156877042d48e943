"""Whole invoices of a plan with a charge of every kind, against figures that were computed by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import NamedTuple

import pytest

from services.billing.domain.charge_rating import ChargeRating
from services.billing.domain.flat_charges import FlatCharges, FlatLine
from services.billing.domain.invoicing.commitment import true_up
from services.billing.domain.invoicing.totals import invoice_totals
from services.billing.domain.schedule import term_of
from services.billing.domain.taxation.applied import AppliedTax
from shared.money import Money
from tests.unit.billing.gate_use import PLAN, agreed, uplifted_line


class Case(NamedTuple):
    on: date
    quantities: dict[str, dict[str, str]]
    fee: int
    usage: list[int]
    true_up: int
    subtotal: int
    tax: int


def month(departures: dict[str, str], **others: str) -> dict[str, dict[str, str]]:
    return {"departures": departures, **{charge: {"": quantity} for charge, quantity in others.items()}}


BUSY = Case(
    date(2013, 2, 1),
    month(
        {"JFK": "1355", "EWR": "77", "LGA": "66"},
        distance="717534",
        aircraft="184",
        destinations="30",
        cancellations="75",
        delay_minutes="29809",
    ),
    150000,
    [231000, 3273750, 198000, 56950, 2024000, 250000, 337500, 111784],
    0,
    6632984,
    588677,
)
QUIET = Case(
    date(2013, 2, 1),
    month({"JFK": "31"}, distance="154473", aircraft="9", destinations="1", cancellations="0", delay_minutes="1752"),
    150000,
    [93000, 9350, 126000, 0, 0, 6570],
    265080,
    650000,
    57688,
)
RENEWED = Case(
    date(2014, 1, 1),
    month(
        {"EWR": "154", "JFK": "979", "LGA": "411"},
        distance="862113",
        aircraft="164",
        destinations="35",
        cancellations="89",
        delay_minutes="34359",
    ),
    156000,
    [462000, 2427750, 1149750, 69700, 1804000, 375000, 400500, 128846],
    0,
    6973546,
    618902,
)
NOTHING_FLOWN = Case(date(2013, 2, 1), {}, 150000, [0, 0, 0, 0, 0], 500000, 650000, 57688)


@pytest.mark.parametrize("case", [BUSY, QUIET, RENEWED, NOTHING_FLOWN], ids=["busy", "quiet", "renewed", "nothing"])
def test_an_invoice_has_the_fee_of_the_month_that_starts_and_the_usage_of_the_one_that_ended(case: Case) -> None:
    fee, usage = fee_lines(case.on), usage_lines(case.quantities)
    minimum = PLAN.minimums["USD"]
    missing = true_up(minimum.amount, [line.net for line in usage])
    assert [line.net.minor for line in fee] == [case.fee]
    assert [line.net.minor for line in usage] == case.usage
    assert missing.minor == case.true_up
    taxable = [Line(line.net, line.charge.tax_rates) for line in fee]
    totals = invoice_totals([*taxable, *usage, Line(missing, minimum.tax_rates)], "USD")
    assert (totals.subtotal.minor, totals.tax.minor) == (case.subtotal, case.tax)


class Line(NamedTuple):
    net: Money
    tax_rates: tuple[str, ...]
    taxes: tuple[AppliedTax, ...] = ()


def usage_lines(quantities: dict[str, dict[str, str]]) -> list[Line]:
    """A charge without groups is rated at zero where nothing was used, one by group has a line for each that was."""
    return [
        Line(ChargeRating(charge, "USD").period(group, Decimal(quantity), count=0).amount_money, charge.tax_rates)
        for charge in PLAN.charges_in("USD")
        if charge.kind == "metered"
        for group, quantity in sorted((quantities.get(charge.code) or ({} if charge.group_by else {"": "0"})).items())
    ]


def fee_lines(on: date) -> list[FlatLine]:
    """The second year is renewed at 4 % more, anchored where the first began."""
    line = agreed() if on < date(2014, 1, 1) else uplifted_line()
    charges = FlatCharges(line=line, currency="USD", anchor=date(2013, 1, 1), zone="America/New_York")
    return list(charges.due(on, term_of(line.starts_on, line.term_months)))
