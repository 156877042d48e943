"""Which taxes are due: by category, place and tax point, with rates that begin, end and compound."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.billing.api.catalogue.plan_forms import ChargeForm
from services.billing.api.catalogue.tax_rates import TaxRateForm
from services.billing.api.quotes.preview_forms import InvoiceTrial
from services.billing.domain.customer import CUSTOMER, Customer, PutCustomer
from services.billing.domain.invoicing.preview import preview_invoice
from services.billing.domain.invoicing.tax import InvalidTaxRate, plain_rate, tax_rate
from services.billing.domain.tax_status import TaxStatus
from services.billing.domain.taxation.rates import PlaceRates, Taxation, TaxRate, places_of, tax_point
from services.billing.domain.taxation.tax_place import (
    TAX_PLACE,
    MalformedPlace,
    PutTaxRates,
    RateNeverInForce,
    RateRepeated,
)
from services.billing.domain.taxation.vat_id import MalformedVatId, is_vat_id, plain_vat_id

EVER = date(2000, 1, 1)


def listed(code: str, rate: str, category: str = "standard", from_on: date = EVER, **more: Any) -> TaxRate:
    return TaxRate(code=code, category=category, rate=rate, from_on=from_on, **more)


GERMANY = PlaceRates(
    place="DE",
    rates=(
        listed("vat", "0.19"),
        listed("vat", "0.16", from_on=date(2020, 7, 1)),
        listed("vat", "0.19", from_on=date(2021, 1, 1)),
        listed("vat", "0.07", "reduced"),
    ),
)
CANADA = PlaceRates(place="CA", rates=(listed("gst", "0.05"),))
QUEBEC = PlaceRates(
    place="CA-QC",
    rates=(
        listed("qst", "0.095", compound=True, from_on=date(2012, 1, 1)),
        listed("qst", "0.09975", from_on=date(2013, 1, 1)),
    ),
)
ONTARIO = PlaceRates(place="CA-ON", rates=(listed("gst", "0.13"),))


def found(day: date, *places: PlaceRates, category: str = "standard") -> list[tuple[str, str]]:
    taxation = Taxation(place=places[-1].place, places=places)
    return [(tax.key, format(tax.factor.normalize(), "f")) for tax in taxation.on(category, day)]


@pytest.mark.parametrize(
    ("day", "category", "rate"),
    [
        (date(2020, 6, 30), "standard", "0.19"),
        (date(2020, 7, 1), "standard", "0.16"),
        (date(2020, 12, 31), "standard", "0.16"),
        (date(2021, 1, 1), "standard", "0.19"),
        (date(2021, 1, 1), "reduced", "0.07"),
    ],
)
def test_the_rate_is_the_one_in_force_on_the_tax_point(day: date, category: str, rate: str) -> None:
    assert found(day, GERMANY, category=category) == [(f"DE vat {category} {rate}", rate)]


def test_nothing_is_due_on_a_category_or_a_day_that_is_not_listed() -> None:
    ended = PlaceRates(place="FR", rates=(listed("vat", "0.2", until_on=date(2030, 1, 1)),))
    assert found(date(1999, 12, 31), GERMANY) == found(EVER, GERMANY, category="books") == []
    assert found(date(2029, 12, 31), ended) == [("FR vat standard 0.2", "0.2")]
    assert found(date(2030, 1, 1), ended) == []


def test_taxes_of_wide_and_narrow_places_add_up_and_one_of_the_same_code_stands_in() -> None:
    assert found(date(2013, 1, 1), CANADA, QUEBEC) == [
        ("CA gst standard 0.05", "0.05"),
        ("CA-QC qst standard 0.09975", "0.09975"),
    ]
    assert found(date(2013, 1, 1), CANADA, ONTARIO) == [("CA-ON gst standard 0.13", "0.13")]


def test_a_compound_tax_is_due_on_the_taxes_before_it() -> None:
    """9.5 % of 105 is 9.975."""
    assert found(date(2012, 12, 31), CANADA, QUEBEC)[1] == ("CA-QC qst standard 0.095", "0.09975")


@pytest.mark.parametrize(
    ("ends_on", "billing_on", "expected"),
    [
        (date(2030, 7, 1), date(2030, 7, 1), date(2030, 6, 30)),  # arrears
        (date(2030, 8, 1), date(2030, 7, 1), date(2030, 7, 1)),  # in advance
        (date(2030, 6, 1), date(2030, 7, 15), date(2030, 5, 31)),  # billed late
    ],
)
def test_the_tax_point_is_the_last_day_or_the_billing_day_before_it(
    ends_on: date, billing_on: date, expected: date
) -> None:
    assert tax_point(ends_on, billing_on) == expected


def test_a_place_is_in_all_that_surround_it() -> None:
    assert places_of("US-NY-NYC") == ("US", "US-NY", "US-NY-NYC") and places_of("") == ()


days = some.dates(date(2029, 1, 1), date(2031, 12, 31))
rates = some.builds(
    listed,
    some.sampled_from(["vat", "city"]),
    some.sampled_from(["0.1", "0.2", "0"]),
    some.sampled_from(["standard", "reduced"]),
    from_on=days,
    until_on=some.none() | days,
)


@given(some.lists(rates, max_size=8), days, days, days)
def test_what_a_bill_keeps_of_the_rates_says_the_same_on_its_days(
    some_rates: list[TaxRate], one: date, two: date, day: date
) -> None:
    first, last = sorted((one, two))
    whole = Taxation(place="DE", places=(PlaceRates(place="DE", rates=tuple(some_rates)),))
    if first <= day <= last:
        for category in ("standard", "reduced"):
            assert whole.between(first, last).on(category, day) == whole.on(category, day)


def test_a_tax_that_compounds_is_due_on_the_same_others_after_an_older_rate_was_left_out() -> None:
    day = date(2030, 5, 1)
    rates = (
        listed("vat", "0.1", from_on=date(2029, 1, 1)),
        listed("city", "0.05", from_on=date(2029, 1, 1), compound=True),
        listed("vat", "0.2", from_on=date(2030, 1, 1)),
    )
    kept = Taxation(place="DE", places=(PlaceRates(place="DE", rates=rates),)).between(day, day)
    assert [(tax.code, tax.factor) for tax in kept.on("standard", day)] == [
        ("vat", Decimal("0.2")),
        ("city", Decimal("0.06")),
    ]


@pytest.mark.parametrize(
    ("rates", "error", "field"),
    [
        (PlaceRates(place="Germany"), MalformedPlace, "/place"),
        (PlaceRates(place="DE", rates=(listed("vat", "19%"),)), InvalidTaxRate, "/rates/0/rate"),
        (PlaceRates(place="DE", rates=(listed("vat", "0.1"), listed("vat", "0.2"))), RateRepeated, "/rates/1"),
        (PlaceRates(place="DE", rates=(listed("vat", "0.1", until_on=EVER),)), RateNeverInForce, "/rates/0/until_on"),
    ],
)
def test_rates_that_say_nothing_clear_are_refused(rates: PlaceRates, error: type[Exception], field: str) -> None:
    with pytest.raises(error) as refusal:
        TAX_PLACE.decide(None, PutTaxRates(rates=rates))
    assert getattr(refusal.value, "field", None) == field


def test_the_same_rates_again_change_nothing() -> None:
    (event,) = TAX_PLACE.decide(None, PutTaxRates(rates=GERMANY))
    assert TAX_PLACE.decide(TAX_PLACE.evolve(None, event), PutTaxRates(rates=GERMANY)) == []


@pytest.mark.parametrize("number", ["DE136695976", "ATU13585627", "EL094259216", "GB980780684", "CHE107787577IVA"])
def test_a_vat_id_is_known_by_its_form(number: str) -> None:
    assert is_vat_id(number) and is_vat_id(plain_vat_id(f" {number[:4]} {number[4:7]}.{number[7:]} ".lower()))


@pytest.mark.parametrize("number", ["DE136695977", "ATU12345678", "136695976", "US123", "", "D", "\u0661\u0662"])
def test_a_number_that_no_country_would_give_is_none(number: str) -> None:
    assert not is_vat_id(number)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"vat_id": "DE136695977"}, "/vat_id"),
        ({"tax_place": "germany"}, "/tax_place"),
        ({"tax": TaxStatus(treatment="reverse_charge", reference="ATU12345678")}, "/tax/reference"),
    ],
)
def test_a_customer_whose_place_or_number_is_malformed_is_refused(changed: dict[str, Any], field: str) -> None:
    with pytest.raises((MalformedVatId, MalformedPlace)) as refusal:
        CUSTOMER.decide(None, PutCustomer(customer_id=UUID(int=1), customer=customer(**changed)))
    assert refusal.value.field == field


def test_a_number_of_another_tax_office_is_not_looked_at() -> None:
    status = TaxStatus(treatment="reverse_charge", reference="29GGGGG1314R9Z6")
    assert CUSTOMER.decide(None, PutCustomer(customer_id=UUID(int=1), customer=customer(tax=status)))


def customer(**changed: Any) -> Customer:
    plain = {"locale": "en", "segment": "", "region": "", "external_refs": {}}
    return Customer(key="F9", name="Frontier", zone="UTC", currency="EUR", **plain | changed)  # type: ignore[arg-type]


def test_a_rate_is_one_rate_however_many_zeros_it_is_written_with() -> None:
    lines = [{"id": rate, "amount": "0.03", "tax_rates": [rate]} for rate in ("0.19", "0.190", "0.1900")]
    trial = InvoiceTrial.model_validate({"currency": "EUR", "lines": lines})
    taxes = preview_invoice([form.line() for form in trial.lines], "EUR").taxes
    assert {key: tax.minor for key, tax in taxes.items()} == {"0.19": 2}  # 0.19 x 0.09, and not three times 0.19 x 0.03
    price = {"model": "per_unit", "unit_amount": "1"}
    charge = {"code": "c", "name": "c", "kind": "flat", "price": price, "tax_rates": ["0.070", "0.0"]}
    assert ChargeForm.model_validate(charge).tax_rates == ("0.07", "0")
    listed = TaxRateForm.model_validate({"code": "vat", "rate": "0.0750", "from_on": "2013-01-01"})
    assert listed.rate == "0.075"


@given(some.integers(0, 10**12), some.integers(0, 12))
def test_the_plain_text_of_a_rate_says_the_same_and_nothing_shorter_does(millionths: int, places: int) -> None:
    text = f"{Decimal(millionths) / 10**12:.12f}"
    shorter = text[: len(text) - places] if set(text[len(text) - places :]) <= {"0"} else text
    plain = plain_rate(shorter.rstrip("."))
    assert tax_rate(plain) == tax_rate(text) and plain_rate(text) == plain == plain_rate(plain)


@pytest.mark.parametrize("text", ["0.", ".10", "10", "1e-10", "0.0000000000000", "ten", ""])
def test_what_is_no_rate_stays_as_it_was_sent(text: str) -> None:
    assert plain_rate(text) == text
