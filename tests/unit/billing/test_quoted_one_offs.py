"""What a quote charges once: in its totals and approval, in its alternatives, and what of it is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.agreed_one_off import AgreedOneOff, OneOffs
from services.billing.domain.agreement import AgreedDiscount
from services.billing.domain.pricing.price import Price
from services.billing.domain.quote.alternatives import AlternativeTerms
from services.billing.domain.quote.approval import DEFAULT_APPROVAL
from services.billing.domain.quote.giveaway import given_away
from services.billing.domain.quote.state import Quote
from services.billing.domain.quote_totals import quote_totals
from services.billing.processes.ordering import on_quote_accepted
from shared.errors import DomainError
from shared.money import Money
from tests.unit.billing.offers import PARTY, accept, after, draft, events_of, line, revise, send, submit

SETUP = AgreedOneOff(
    code="setup",
    description="Set-up of the gates",
    quantity=Decimal("2.5"),
    price=Price(model="per_unit", unit_amount=Decimal("120.01")),
    discount_percent=Decimal(10),
    tax_rates=("0.08875",),
    unit_cost=Decimal("100"),
)
SIGNS = AgreedOneOff(
    code="signs",
    description="Signs",
    quantity=Decimal(4),
    price=Price(model="per_unit", unit_amount=Decimal(25)),
    delivered_on=date(2013, 4, 10),
)
BOTH = OneOffs(items=(SETUP, SIGNS))
ALONE = OneOffs(items=(SETUP, SIGNS), net_days=10)


def quoted(*items: AgreedOneOff, **more: Any) -> Quote:
    return after(draft(one_offs=OneOffs(items=items or BOTH.items), **more), submit("rita"))


def test_they_are_in_the_total_and_on_the_first_invoice_of_the_first_line() -> None:
    plain, both = (quote_totals([line(), line()], "USD", one_offs=once) for once in (OneOffs(), BOTH))
    assert (both.once.list_amount, both.once.net) == (Money(30_003 + 10_000, "USD"), Money(27_002 + 10_000, "USD"))
    assert both.once.discounts == {"agreed": Money(3_001, "USD")}
    assert both.term == plain.term + both.once
    first = both.lines[0].first_invoices[0]
    assert [each.charge.code for each in first.lines] == ["platform", "setup", "signs"]
    assert first.totals.total == plain.lines[0].first_invoices[0].totals.total + both.once.total
    assert both.lines[1] == plain.lines[1] and both.annual_value == plain.annual_value


def test_a_quote_without_lines_has_an_invoice_of_its_own() -> None:
    totals = quote_totals([], "USD", one_offs=ALONE, accepted_on=date(2012, 12, 5))
    assert totals.invoice is not None
    assert (totals.invoice.due_on, totals.invoice.totals.total) == (date(2012, 12, 15), totals.term.total)
    assert quote_totals([line()], "USD", one_offs=BOTH).invoice is None


@given(st.lists(st.decimals("0.01", "999", places=2), min_size=1, max_size=6), st.decimals(0, 100, places=2))
def test_the_term_is_what_the_lines_and_the_one_offs_come_to(quantities: list[Decimal], percent: Decimal) -> None:
    items = (replace(SETUP, code=f"c{n}", quantity=q, discount_percent=percent) for n, q in enumerate(quantities))
    totals = quote_totals([line("3")], "USD", one_offs=OneOffs(items=tuple(items)))
    assert totals.term == totals.lines[0].term + totals.once
    assert totals.once.net == totals.once.list_amount - totals.once.discount
    assert totals.once.net == Money.total((each.net for each in totals.one_offs), "USD")


def test_what_they_give_away_needs_the_same_approval() -> None:
    given = given_away([(line(),)], PARTY, one_offs=BOTH)
    assert (given.discount_percent, given.discount) == (Decimal(10), Money(3_001, "USD"))
    assert given.margin_percent == Decimal("7.4142")  # 270.02 for what costs 250, rounded down
    assert DEFAULT_APPROVAL.level_needed(given) == "manager"
    assert quoted().status == "pending" and quoted(SIGNS).status == "approved"


def test_alternatives_leave_them_as_they_are_and_a_revision_keeps_them() -> None:
    quote = after(draft(one_offs=BOTH, alternatives=(AlternativeTerms(term_months=24),)))
    assert quote.one_offs == BOTH and len(quote.alternatives) == 1
    assert after(draft(one_offs=BOTH), revise(line("2"))).one_offs == BOTH
    assert after(draft(one_offs=BOTH), revise(line("2"), one_offs=OneOffs())).one_offs == OneOffs()
    assert after(draft(one_offs=ALONE, lines=()), revise(line())).one_offs == BOTH
    assert events_of(draft(one_offs=BOTH), revise(line()))[1:] == []


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (draft(one_offs=OneOffs(), lines=()), "/lines"),
        (draft(one_offs=BOTH, lines=()), "/net_days"),
        (draft(one_offs=ALONE), "/net_days"),
        (draft(one_offs=OneOffs(items=(SETUP, SETUP))), "/one_offs/1/code"),
        (draft(one_offs=OneOffs(items=(replace(SETUP, quantity=Decimal(0)),))), "/one_offs/0/quantity"),
        (draft(one_offs=OneOffs(items=(replace(SETUP, tax_category="goods"),))), "/one_offs/0/tax_rates"),
        (
            draft(one_offs=OneOffs(items=(replace(SETUP, discount_percent=Decimal(101)),))),
            "/one_offs/0/discount_percent",
        ),
        (draft(one_offs=OneOffs(items=(replace(SETUP, unit_cost=Decimal(-1)),))), "/one_offs/0/unit_cost"),
        (draft(one_offs=OneOffs(items=(replace(SETUP, quantity=Decimal(10**14)),))), "/one_offs"),
        (draft(one_offs=BOTH, purpose="renewal"), "/one_offs"),
        (draft(one_offs=ALONE, lines=(), alternatives=(AlternativeTerms(term_months=24),)), "/lines"),
    ],
)
def test_what_cannot_be_offered_names_the_field(command: Any, field: str) -> None:
    with pytest.raises(DomainError) as refusal:
        events_of(command)
    assert refusal.value.field == field


def test_the_parts_of_a_discount_are_named() -> None:
    parts = (AgreedDiscount(reason="launch", percent=Decimal(4)), AgreedDiscount(reason="volume", percent=Decimal(6)))
    totals = quote_totals([line()], "USD", one_offs=OneOffs(items=(replace(SETUP, discounts=parts),)))
    assert totals.once.discounts == {"launch": Money(1_200, "USD"), "volume": Money(1_801, "USD")}


def test_the_first_subscription_of_the_quote_is_the_one_that_charges_them() -> None:
    quote = after(draft(line(), line(), one_offs=OneOffs(items=(SIGNS,))), submit(), send(), accept())
    first, second = (order.command for order in on_quote_accepted(quote.quote_id, quote))
    assert (first.one_offs, second.one_offs) == ((SIGNS,), ())
