"""A year of a company that sells software: who had to pay what is counted here by hand, and the books come to nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from infra.local import access
from tests.journeys.conftest import Year
from tests.journeys.software_company import SoftwareCompany

pytestmark = pytest.mark.timeout(900)
MONTHS = [f"2025-{month:02}" for month in range(1, 13)]

# What each had to pay for the year, before tax.
NET = {
    # 10 seats for 3 months and 10 days, 15 for the 20 days left of April and 4 months, 8 for 4 months; calls beyond 10,000
    # of 25,000 a month, and 5,000 in December that were told late.
    "ada": 60_000 + (20_000 - 13_333 + 20_000) + 4 * 30_000 + 4 * 16_000 + 12 * 3_000 + 1_000,
    # 4 seats for 5 months and 15 days, then at 35.00; 20 tasks at half a credit of 0.10.
    "bob": 5 * 8_000 + (8_000 - 4_000 + 7_000) + 6 * 14_000 + 100,
    "cora": 120_000,
    # 1.5 % of the 119.00 that were late.
    "dan": 12 * 10_000 + 179,
    # July was disputed and given back.
    "eve": 11 * 6_000,
    # 12 tasks a month.
    "finn": 12 * (4_000 + 60),
}
# 59 of the 365 days that cora paid for are in 2026.
DEFERRED_AT_YEARS_END = 19_397


@pytest.fixture(scope="module")
def company(year: Year) -> Iterator[SoftwareCompany]:
    with access.clients(year.home, "fern-software") as clients:
        company = SoftwareCompany(clients)
        company.found()
        company.sell()
        company.live(story(company))
        yield company


def story(company: SoftwareCompany) -> dict[date, Any]:
    days: dict[date, Any] = {date(2025, month, 5): company.pay_day for month in range(1, 13)}
    days |= {date(2025, month, 10): lambda on=date(2025, month, 10): used(company, on) for month in range(1, 13)}
    return days | {
        date(2025, 1, 2): lambda: company.post("/v1/payments", customer="finn", amount_minor=60_000, currency="EUR"),
        date(2025, 4, 11): lambda: company.amend("ada", quantity=15),
        date(2025, 5, 4): lambda: company.withheld.add("dan"),
        date(2025, 6, 6): lambda: dan_is_suspended(company),
        date(2025, 6, 16): lambda: bob_upgrades(company),
        date(2025, 6, 20): lambda: dan_pays(company),
        date(2025, 7, 20): lambda: eve_disputes(company),
        date(2025, 7, 21): lambda: eve_is_right(company),
        date(2025, 8, 20): lambda: company.amend("ada", quantity=8, effective="period_end"),
        date(2026, 1, 5): company.pay_day,
        date(2026, 1, 12): lambda: year_is_closed(company),
        date(2026, 1, 13): lambda: company.use("ada", "api.call", date(2025, 12, 28), calls=5_000),
        date(2026, 1, 20): lambda: nothing_is_left_to_pay(company),
        date(2026, 3, 2): lambda: None,
    }


def used(company: SoftwareCompany, on: date) -> None:
    company.use("ada", "api.call", on, calls=25_000)
    company.use("finn", "ai.task", on, count=12)
    if on.month == 6:
        company.use("bob", "ai.task", on, count=20)


def dan_is_suspended(company: SoftwareCompany) -> None:
    company.seen["dan late"] = company.access("dan")
    more = company.clients["billing"].post(
        f"/v1/subscriptions/{company.subscription('dan')}/amendments",
        json={"quantity": 6},
        headers={"Idempotency-Key": "6"},
    )
    company.seen["dan wants more"] = more.status_code, more.json()["title"]
    company.seen["why"] = company.call("entitlement", "GET", "/v1/accounts/dan/why-suspended", None)


def dan_pays(company: SoftwareCompany) -> None:
    company.withheld.discard("dan")
    company.pay_day()
    company.at(date(2025, 6, 21))
    company.seen["dan paid"] = company.access("dan")


def bob_upgrades(company: SoftwareCompany) -> None:
    company.seen["bob before"] = company.access("bob", "sso")
    company.amend("bob", plan="business")
    company.at(date(2025, 6, 17))
    company.seen["bob after"] = company.access("bob", "sso")


def eve_disputes(company: SoftwareCompany) -> None:
    payment = company.payment_of(company.invoice("eve", "2025-07-01"))
    company.post(f"/v1/payments/{payment['payment_id']}/chargebacks", reference="bank-1", reason="not what I ordered")
    company.seen["eve owes"] = company.invoice("eve", "2025-07-01")["open_minor"]


def eve_is_right(company: SoftwareCompany) -> None:
    invoice = company.invoice("eve", "2025-07-01")
    company.post(f"/v1/invoices/{invoice['invoice_id']}/credit-notes", reason="the dispute was hers")


def year_is_closed(company: SoftwareCompany) -> None:
    company.seen["year's end"] = balances(company, "2025-12-31")
    for month in MONTHS:
        company.post(f"/v1/accounting-periods/{month}/close")


def nothing_is_left_to_pay(company: SoftwareCompany) -> None:
    """Who paid more in advance than the year came to gets the rest back."""
    company.pay_day()
    for payment in company.pages("/v1/payments"):
        if payment["unapplied_minor"]:
            path = f"/v1/payments/{payment['payment_id']}/refunds"
            company.post(path, amount_minor=payment["unapplied_minor"], reason="the year is over")


def balances(company: SoftwareCompany, at: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for balance in company.get("/v1/ledger/balances", at=at)["balances"]:
        found[balance["account"]] += balance["balance_minor"]
    return found


@dataclass(frozen=True)
class Document:
    """An invoice, or a credit note with the other sign. `taxed` is what of `net` tax is for."""

    customer: str
    net: int
    taxed: int
    tax: int


def documents(company: SoftwareCompany) -> Iterator[Document]:
    for invoice in company.invoices():
        fees = sum(line["amount_minor"] for line in invoice["lines"] if line["revenue_class"] == "late_fee")
        net = invoice["subtotal_minor"]
        yield Document(invoice["customer"], net, net - fees, invoice["tax_minor"])
        for note in invoice["credit_notes"]:
            net = note["tax_minor"] - note["amount_minor"]
            yield Document(invoice["customer"], net, net, -note["tax_minor"])


def test_everybody_had_to_pay_what_a_pencil_comes_to(company: SoftwareCompany) -> None:
    net: Counter[str] = Counter()
    for document in documents(company):
        net[document.customer] += document.net
    assert dict(net) == NET


def test_tax_is_that_of_each_document(company: SoftwareCompany) -> None:
    for document in documents(company):
        assert document.tax == int((document.taxed * Decimal("0.19")).quantize(Decimal(1), ROUND_HALF_UP)), document


def test_who_did_not_pay_was_suspended_and_is_told_why_and_payment_restored(company: SoftwareCompany) -> None:
    assert (company.seen["dan late"], company.seen["dan paid"]) == ("hold:dunning", "allowed")
    assert company.seen["dan wants more"] == (409, "restricted")
    [hold] = company.seen["why"]["holds"]
    first, *steps = hold["because"]
    assert (first["name"], first["open_minor"]) == (company.invoice("dan", "2025-05-01")["number"], 11_900)
    assert [step["name"] for step in steps if step["what"] == "dunning_step"][-1] == "suspended"


def test_an_upgrade_brings_its_rights_at_once(company: SoftwareCompany) -> None:
    assert (company.seen["bob before"], company.seen["bob after"]) == ("no_entitlement", "allowed")


def test_what_a_bank_takes_back_is_owed_again_until_it_is_given_back(company: SoftwareCompany) -> None:
    assert company.seen["eve owes"] == 7_140
    assert company.invoice("eve", "2025-07-01")["open_minor"] == 0


def test_the_year_closes_with_what_is_not_earned_yet(company: SoftwareCompany) -> None:
    told = company.seen["year's end"]
    assert told["deferred_revenue"] == -DEFERRED_AT_YEARS_END
    assert sum(told.values()) == 0


def test_every_month_reconciles(company: SoftwareCompany) -> None:
    told = [company.get("/v1/reconciliation", period=month) for month in [*MONTHS, "2026-01"]]
    assert [(month["closes"], month["off"]) for month in told] == [(True, [])] * 13


def test_what_is_told_of_a_closed_year_is_booked_in_the_open_one(company: SoftwareCompany) -> None:
    [late] = [invoice for invoice in company.invoices(customer="ada") if invoice["kind"] == "correction"]
    assert late["subtotal_minor"] == 1_000
    assert balances(company, "2025-12-31") == company.seen["year's end"]


def test_at_the_end_the_books_come_to_nothing(company: SoftwareCompany) -> None:
    net, tax = sum(NET.values()), sum(document.tax for document in documents(company))
    told = {account: minor for account, minor in balances(company, "2026-03-02").items() if minor}
    assert told == {"cash": net + tax, "revenue": -net, "tax_payable": -tax}


def test_each_invoice_follows_from_the_log_and_nobody_changed_it(company: SoftwareCompany) -> None:
    for invoice in company.invoices():
        assert company.post(f"/v1/invoices/{invoice['invoice_id']}/verify")["equal"], invoice["number"]
    assert company.post("/v1/ledger/verify")["broken"] == []
