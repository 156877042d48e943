"""What a quote charges once: in its totals and approval, on the first invoice, or on one of its own."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.billing.domain.agreed_one_off import AgreedOneOff, OneOffs
from services.billing.domain.agreement import AgreedDiscount
from services.billing.domain.amended_line import LineChange
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.ledger.recognition import stretches
from services.billing.domain.pricing.price import Price
from services.billing.domain.quote.alternatives import AlternativeTerms
from services.billing.domain.quote.approval import DEFAULT_APPROVAL
from services.billing.domain.quote.giveaway import given_away
from services.billing.domain.quote.state import Quote
from services.billing.domain.quote_totals import quote_totals
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.commands import (
    AmendSubscription,
    CancelSubscription,
    PauseSubscription,
    RequestBill,
)
from services.billing.domain.subscription.state import Subscription
from services.billing.processes import one_off
from services.billing.processes.conformance import compare_once, invoiced_otherwise
from services.billing.processes.ordering import on_quote_accepted
from services.billing.processes.verification import Log, verify
from shared.errors import DomainError
from shared.money import Money
from shared.orders import Order
from tests.unit.billing import offers
from tests.unit.billing.firm import Firm, at
from tests.unit.billing.lifetime import Lifetime
from tests.unit.billing.offers import PARTY, accept, after, draft, events_of, line, revise, send, submit
from tests.unit.billing.test_cancellation import AGREED
from tests.unit.billing.test_one_off import Office
from tests.unit.billing.test_subscription import new_york
from tests.unit.billing.worth import agreed as worth
from tests.unit.billing.worth import outstanding

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


def accepted_alone(*items: AgreedOneOff) -> Quote:
    once = OneOffs(items=items or BOTH.items, net_days=10)
    return replace(after(draft(one_offs=once, lines=())), status="accepted", purchase_order="PO-7")


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


class Sold(Firm):
    """A subscription whose quote charges a set-up and signs once."""

    def __init__(self, **more: Any) -> None:
        self.items = BOTH.items
        super().__init__(**more)

    def carry_out(self, orders: Any) -> None:
        super().carry_out(
            replace(order, command=replace(order.command, one_offs=self.items)) if _creates(order) else order
            for order in orders
        )

    @property
    def subscription(self) -> Subscription:
        found: Subscription = self.state(SUBSCRIPTION, self.id)
        return found

    @property
    def first(self) -> Invoice:
        category_and_id = next(key for key in self.events if key[0] == "invoice")
        found: Invoice = self.states[category_and_id]
        return found


def _creates(order: Order) -> bool:
    return type(order.command).__name__ == "CreateSubscription"


def accepted(firm: Sold, *items: AgreedOneOff) -> Quote:
    """The quote of the firm's subscription, as if it had had these."""
    [item, *_] = firm.subscription.one_offs
    quote = after(draft(one_offs=OneOffs(items=items)))
    return replace(quote, status="accepted", deal=replace(quote.deal, quote_id=item.quote_id))


def test_they_are_billed_once_with_the_first_period() -> None:
    firm = Sold()
    assert [(each.kind, each.charge, each.amount.minor, each.quote_id) for each in firm.first.lines[1:]] == [
        ("one_off", "setup", 27_002, offers_quote(firm)),
        ("one_off", "signs", 10_000, offers_quote(firm)),
    ]
    assert firm.first.lines[1].tax_rates == SETUP.tax_rates
    firm.closed({"JFK": 30})
    assert all(each.kind != "one_off" for invoice in firm.invoices for each in invoice.lines)
    assert SUBSCRIPTION.decide(firm.subscription, RequestBill(at=at(1))) == []
    assert firm.subscription.one_offs_on == firm.first.header.invoice_id and firm.subscription.unbilled_once == ()


@settings(deadline=None, max_examples=25)
@given(
    told=st.lists(st.tuples(st.integers(1, 60), st.sampled_from(["more", "pause", "zone"])), max_size=4),
    ends=st.none() | st.integers(-20, -1) | st.integers(1, 60),
    trial=st.sampled_from([0, 10]),
)
def test_whatever_becomes_of_the_contract_they_are_billed_once_unless_it_never_begins(
    told: list[tuple[int, str]], ends: int | None, trial: int
) -> None:
    line = replace(AGREED, trial_days=trial, trial_converts=True)
    life = Lifetime(line, new_york(2012, 12, 1), one_offs=BOTH.items)
    if ends is None or ends > 0:
        life.move(new_york(2013, 1, 1))
        for later, change in told:
            life.move(life.now + timedelta(days=later))
            _change(life, change)
    if ends is not None:
        life.move(max(life.now, new_york(2013, 1, 1) + timedelta(days=ends)))
        life.say(CancelSubscription(at=life.now, when="now", credit="unused_time", reason="done"))
    life.move(new_york(2014, 6, 1))
    charged = Counter(each.charge for i in life.invoices for each in i.lines if each.kind == "one_off")
    never_began = ends is not None and ends < 0
    assert charged == ({} if never_began else {"setup": 1, "signs": 1})
    assert life.differences() == []


def _change(life: Lifetime, change: str) -> None:
    at = life.now
    with suppress(DomainError):
        if change == "pause":
            life.say(PauseSubscription(at=at, until=life.subscription.day(at) + timedelta(days=5), reason="ice"))
        elif change == "zone":
            life.say(AmendSubscription(at=at, when="period_end", change=LineChange(zone="Asia/Tokyo")))
        else:
            life.say(AmendSubscription(at=at, when="now", change=LineChange(quantity=at.day + 1)))


def offers_quote(firm: Sold) -> Any:
    return firm.subscription.quote_id


def test_they_follow_from_the_log_and_conform_with_the_quote() -> None:
    firm = Sold()
    events = firm.events["invoice", firm.first.header.invoice_id]
    log = Log(firm.events["subscription", firm.id], {})
    assert verify(events, log) == []
    assert invoiced_otherwise(events, log, {}, accepted(firm, SETUP, SIGNS)) == []
    dearer = replace(SIGNS, price=Price(model="per_unit", unit_amount=Decimal(26)))
    assert {(each.line, each.field) for each in invoiced_otherwise(events, log, {}, accepted(firm, SETUP, dearer))} == {
        (3, "amount"),
        (3, "tiers"),
    }
    assert (3, "line") in {(d.line, d.field) for d in invoiced_otherwise(events, log, {}, accepted(firm, SETUP))}


def test_a_subscription_that_charges_otherwise_says_so() -> None:
    firm = Sold()
    quote = accepted(firm, replace(SETUP, quantity=Decimal(3)), SIGNS)
    first = replace(firm.subscription, subscription_id=next(iter(on_quote_accepted(quote.quote_id, quote))).stream_id)
    assert [(each.what, each.charge) for each in compare_once(first, quote)] == [("one_off", "setup")]
    assert list(compare_once(first, accepted(firm, SETUP, SIGNS))) == []


def test_revenue_waits_for_the_delivery_where_one_is_agreed() -> None:
    firm = Sold()
    setup, signs = firm.first.lines[1:]
    assert stretches(setup, setup.amount, firm.first.issued.issued_on) == ()
    [later] = stretches(signs, signs.amount, firm.first.issued.issued_on)
    assert (later.amount, later.earned_on) == (signs.amount, date(2013, 4, 10))


def test_they_are_worth_something_before_they_are_billed() -> None:
    firm, plain = Sold(), Firm()
    both = worth(firm.subscription)["new"] - worth(plain.state(SUBSCRIPTION, plain.id))["new"]
    unbilled = SUBSCRIPTION.replay(firm.events["subscription", firm.id][:1])
    assert unbilled is not None
    assert both == 37_002 == outstanding(unbilled, ())["new"] - worth(plain.state(SUBSCRIPTION, plain.id))["new"]
    assert outstanding(firm.subscription, ())["new"] == outstanding(plain.state(SUBSCRIPTION, plain.id), ())["new"]


def test_who_cancels_before_the_first_day_pays_nothing() -> None:
    firm = Sold()
    created = SUBSCRIPTION.replay(firm.events["subscription", firm.id][:1])
    said = CancelSubscription(when="now", at=at(1).replace(year=2012, month=12), credit="unused_time", reason="no")
    history = [*firm.events["subscription", firm.id][:1], *SUBSCRIPTION.decide(created, said)]
    cancelled = SUBSCRIPTION.replay(history)
    assert cancelled is not None and cancelled.unbilled_once == () and worth(cancelled) == {}


def test_a_quote_without_lines_is_invoiced_at_once_and_once() -> None:
    office, quote = Office(), accepted_alone()
    office.carry_out(one_off.on_quote_accepted(quote, None, None, office.desk))
    invoice = office.state(one_off.invoice_id(quote.quote_id))
    assert (invoice.header.kind, invoice.header.purchase_order) == ("one_off", "PO-7")
    assert (invoice.issued.issued_on, invoice.issued.due_on) == (date(2013, 2, 1), date(2013, 2, 11))
    assert [(each.number, each.charge, each.quote_id) for each in invoice.lines] == [
        (1, "setup", offers.QUOTE_ID),
        (2, "signs", offers.QUOTE_ID),
    ]
    events = list(office.events[invoice.header.invoice_id])
    office.carry_out(one_off.on_quote_accepted(quote, None, None, office.desk))
    assert office.events[invoice.header.invoice_id] == events
    assert verify(events, Log([], {})) == []
    assert invoiced_otherwise(events, Log([], {}), {}, quote) == []
    assert {d.field for d in invoiced_otherwise(events, Log([], {}), {}, accepted_alone(SIGNS))} >= {"charge"}
