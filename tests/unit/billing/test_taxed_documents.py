"""Invoices by category and place: taxed to the cent as an oracle says, and given back as they were charged."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as some

from services.billing.domain.amended_line import LineChange
from services.billing.domain.invoice.compose import compose
from services.billing.domain.invoice.events import CreditNoteIssued
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.commands import AmendSubscription
from services.billing.domain.tax_status import TaxStatus
from services.billing.domain.taxation.rates import Taxation
from services.billing.processes import crediting
from shared.money import Money
from shared.orders import Order
from tests.unit.billing.firm import Firm
from tests.unit.billing.firm_books import assert_books
from tests.unit.billing.ledger_books import of_firm
from tests.unit.billing.tax_oracle import NEW_YORK, assert_taxed, sold

CATEGORIES = some.sampled_from(["standard", "reduced", "zero", "unlisted"])
ROUNDINGS: Any = some.sampled_from(["tax_per_rate", "tax_per_line"])
USAGE = some.dictionaries(some.sampled_from(["JFK", "LGA", "EWR"]), some.integers(0, 60), max_size=3)
EXEMPT = TaxStatus(treatment="exempt", reference="4711")


def firm_of(line: Any, rounding: Any = "tax_per_rate", tax: TaxStatus | None = None) -> Firm:
    return Firm(line, taxation=replace(NEW_YORK, rounding=rounding), tax=tax)


def prices(firm: Firm, invoice: Invoice) -> list[int]:
    """The lines of a bill without any tax, in minor units."""
    untaxed = replace(invoice.header.bill, taxation=None)
    lines = compose(firm.state(SUBSCRIPTION, firm.id), untaxed, firm._usage(untaxed))
    return [line.amount.minor for line in lines]


def tax_by_rate(firm: Firm) -> Counter[str | None]:
    """What is payable to tax offices by the books."""
    found: Counter[str | None] = Counter()
    for entry in of_firm(firm):
        for posting in entry.postings:
            if posting.account == "tax_payable":
                found[posting.tax_rate] -= posting.amount.minor
    return found


@given(CATEGORIES, CATEGORIES, CATEGORIES, some.booleans(), ROUNDINGS, USAGE)
@settings(max_examples=150, deadline=None)
@example("standard", "standard", "reduced", True, "tax_per_rate", {"JFK": 1})
def test_an_invoice_is_taxed_as_the_oracle_says(
    fee: str, gates: str, minimum: str, inclusive: bool, rounding: Any, usage: dict[str, int]
) -> None:
    firm = firm_of(sold(fee, gates, minimum, inclusive=inclusive), rounding).closed(usage)
    assert_taxed(firm.original, prices(firm, firm.original), inclusive=inclusive, per_line=rounding == "tax_per_line")
    assert firm.differences(firm.original) == []


def test_one_invoice_has_the_old_rate_for_what_ended_and_the_new_one_for_what_begins() -> None:
    firm = firm_of(sold("standard", "standard", "standard", inclusive=False)).closed({"JFK": 60})
    assert firm.original.header.bill.billing_on == date(2013, 2, 1)
    by_kind = {line.kind: [tax.rate for tax in line.taxes] for line in firm.original.lines}
    assert by_kind == {"flat": ["0.05", "0.08875"], "usage": ["0.0333", "0.08875"]}
    assert [tax.factor.normalize() for line in firm.original.lines for tax in line.taxes][1::2] == [
        *(tax.factor.normalize() for tax in NEW_YORK.on("standard", date(2013, 2, 1))[1:]),
        *(tax.factor.normalize() for tax in NEW_YORK.on("standard", date(2013, 1, 31))[1:]),
    ]


def test_a_correction_that_is_taken_back_in_full_leaves_no_tax_and_its_minor_unit_moves_on_the_original() -> None:
    line = sold("standard", "reduced", "reduced", inclusive=True)
    firm = firm_of(line).closed({"JFK": 3})
    for usage in ({"JFK": 17}, {}):
        firm.revise(usage)
    original, correction = firm.invoices
    assert (correction.status, correction.credited_tax) == ("credited", correction.totals.tax)
    moved, whole = firm.happened(CreditNoteIssued)
    assert (whole.amount, moved.amount) == (correction.totals.total, Money.zero("USD"))
    assert moved.facts.invoice_id == original.header.invoice_id and abs(moved.tax.minor) == 1
    assert original.carried().taxes == firm.rated().taxes
    assert_books(firm)


@given(
    some.booleans(),
    ROUNDINGS,
    CATEGORIES,
    some.sampled_from(["reduced", "zero", "unlisted"]),
    USAGE,
    some.lists(USAGE, max_size=4),
    some.sampled_from(["correct", "next_invoice"]),
)
@settings(max_examples=100, deadline=None)
@example(True, "tax_per_rate", "standard", "reduced", {"JFK": 3}, [{"JFK": 17}, {}], "correct")
def test_corrections_give_back_no_more_tax_than_was_charged_and_credits_of_everything_leave_none(
    inclusive: bool,
    rounding: Any,
    fee: str,
    metered: str,
    usage: dict[str, int],
    revisions: list[dict[str, int]],
    policy: Any,
) -> None:
    line = replace(sold(fee, metered, metered, inclusive=inclusive), late_usage=policy)
    firm = firm_of(line, rounding).closed(usage)
    for revision in revisions:
        firm.revise(revision)
        assert_books(firm)
        assert all(payable >= 0 for payable in tax_by_rate(firm).values())
    for invoice in list(firm.invoices):
        if (
            invoice.left.minor or invoice.credited_tax != invoice.totals.tax
        ):  # one may move tax only, and come to nothing
            firm.credit_in_full(invoice)
    first = next(iter(firm.states[key] for key in firm.states if key[0] == "invoice"))
    stays = Counter[str | None]({rate: tax.minor for rate, tax in first.totals.taxes.items()})
    found = tax_by_rate(firm)
    assert {rate: found[rate] for rate in {*found, *stays}} == {rate: stays[rate] for rate in {*found, *stays}}


@given(CATEGORIES, CATEGORIES, CATEGORIES, some.booleans(), ROUNDINGS, USAGE)
@settings(max_examples=50, deadline=None)
def test_an_invoice_and_its_full_credit_leave_nothing_of_any_rate(
    fee: str, gates: str, minimum: str, inclusive: bool, rounding: Any, usage: dict[str, int]
) -> None:
    firm = firm_of(sold(fee, gates, minimum, inclusive=inclusive), rounding)
    before = tax_by_rate(firm)
    firm.closed(usage)
    firm.credit_in_full(firm.original)
    after = tax_by_rate(firm)
    assert all(after[rate] == before[rate] for rate in {*before, *after})


@given(some.booleans(), ROUNDINGS, USAGE, some.lists(USAGE, max_size=4))
@settings(max_examples=50, deadline=None)
def test_a_minimum_that_is_taxed_otherwise_moves_tax_from_rate_to_rate_and_never_below_nothing(
    inclusive: bool, rounding: Any, usage: dict[str, int], revisions: list[dict[str, int]]
) -> None:
    firm = firm_of(sold("standard", "reduced", "standard", inclusive=inclusive), rounding).closed(usage)
    for revision in revisions:
        firm.revise(revision)
        assert_books(firm)
        assert all(payable >= 0 for payable in tax_by_rate(firm).values())
        found, wanted = firm.original.carried().taxes, firm.rated().taxes
        nothing = Money.zero("USD")
        assert all(found.get(rate, nothing) == wanted.get(rate, nothing) for rate in {*found, *wanted})


@given(some.booleans(), USAGE)
@settings(max_examples=40, deadline=None)
def test_who_is_exempt_pays_the_same_net_and_no_tax(inclusive: bool, usage: dict[str, int]) -> None:
    line = sold("standard", "reduced", "standard", inclusive=inclusive)
    taxed, exempt = (firm_of(line, tax=tax).closed(usage).original for tax in (None, EXEMPT))
    assert [line.amount for line in exempt.lines] == [line.amount for line in taxed.lines]
    assert exempt.totals.taxes == {} and exempt.totals.total == taxed.totals.subtotal
    assert all(tax.waived for line in exempt.lines for tax in line.taxes)


def test_rates_of_the_price_stand_where_there_is_no_category() -> None:
    plain, placed = Firm().closed({"JFK": 20}), Firm(taxation=NEW_YORK).closed({"JFK": 20})
    assert plain.original.totals == placed.original.totals and plain.original.lines == placed.original.lines


def test_without_a_place_nothing_is_guessed() -> None:
    line = sold("standard", "standard", "standard", inclusive=False)
    for taxation in (None, Taxation(place="FR")):
        assert Firm(line, taxation=taxation).closed({"JFK": 20}).original.totals.taxes == {}


@given(some.booleans(), ROUNDINGS, USAGE, USAGE, some.lists(some.integers(1, 9), min_size=1, max_size=3))
@settings(max_examples=60, deadline=None)
def test_usage_that_was_taken_back_and_days_that_are_not_used_give_back_no_more_tax_than_was_charged(
    inclusive: bool, rounding: Any, usage: dict[str, int], revised: dict[str, int], days: list[int]
) -> None:
    line = replace(sold("reduced", "reduced", "reduced", inclusive=inclusive), minimum=None)
    firm = firm_of(line, rounding).closed(usage)
    firm.revise(revised)
    for number, more in enumerate(days, start=2):
        firm.now += timedelta(days=more)
        change = LineChange(quantity=number)
        firm.carry_out([Order(SUBSCRIPTION, firm.id, AmendSubscription(at=firm.now, when="now", change=change))])
        subscription, version = firm.state(SUBSCRIPTION, firm.id), len(firm.events["subscription", firm.id])
        firm.carry_out(crediting.credit_unused(subscription, version, firm.original, firm.desk))
    assert_books(firm)
    assert all(payable >= 0 for payable in tax_by_rate(firm).values())
    for invoice in firm.invoices:
        assert invoice.credited_tax <= invoice.totals.tax
