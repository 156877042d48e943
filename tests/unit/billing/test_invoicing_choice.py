"""From which day on a customer has one invoice for all bills of a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from services.billing.domain.customer import CUSTOMER, Customer, Invoicing, InvoicingDayPassed, PutCustomer

CUSTOMER_ = Customer(
    key="F9", name="Frontier", zone="UTC", currency="USD", locale="en", segment="", region="", external_refs={}
)


def chosen(*choices: tuple[str, date], today: date = date(2013, 1, 1)) -> Customer:
    customer = CUSTOMER.evolve(None, CUSTOMER.decide(None, PutCustomer(customer_id=UUID(int=9), customer=CUSTOMER_))[0])
    for mode, day in choices:
        said = Invoicing(mode=mode, effective_on=day)  # type: ignore[arg-type]
        put = PutCustomer(customer_id=UUID(int=9), customer=CUSTOMER_, invoicing=said, today=today)
        for event in CUSTOMER.decide(customer, put):
            customer = CUSTOMER.evolve(customer, event)
    assert customer is not None
    return customer


def test_the_last_word_counts_from_its_day_on_and_days_before_stay_as_they_were() -> None:
    customer = chosen(("consolidated", date(2013, 2, 1)), ("per_subscription", date(2013, 3, 1)))
    days = [date(2013, month, 1) for month in (1, 2, 3)]
    assert [customer.invoicing_on(day) for day in days] == ["per_subscription", "consolidated", "per_subscription"]
    other = chosen(("consolidated", date(2013, 3, 1)), ("consolidated", date(2013, 2, 1)))
    assert len(other.invoicing) == 1


def test_a_choice_is_for_a_day_to_come_and_may_be_said_again() -> None:
    with pytest.raises(InvoicingDayPassed) as refused:
        chosen(("consolidated", date(2013, 1, 1)))
    assert refused.value.field == "/invoicing/effective_on"
    customer = chosen(("consolidated", date(2013, 2, 1)))
    again = PutCustomer(
        customer_id=UUID(int=9), customer=CUSTOMER_, invoicing=customer.invoicing[-1], today=date(2014, 1, 1)
    )
    assert CUSTOMER.decide(customer, again) == []
    assert CUSTOMER.decide(customer, replace(again, invoicing=None)) == []
