"""What a quote charges once, when it is accepted: on the first invoice, or on one of its own, and only once."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.billing.domain.agreed_one_off import AgreedOneOff, OneOffs
from services.billing.domain.amended_line import LineChange
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.ledger.recognition import stretches
from services.billing.domain.pricing.price import Price
from services.billing.domain.quote.state import Quote
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
from shared.orders import Order
from tests.unit.billing import offers
from tests.unit.billing.firm import Firm, at
from tests.unit.billing.lifetime import Lifetime
from tests.unit.billing.offers import after, draft
from tests.unit.billing.test_cancellation import AGREED
from tests.unit.billing.test_one_off import Office
from tests.unit.billing.test_quoted_one_offs import BOTH, SETUP, SIGNS
from tests.unit.billing.test_subscription import new_york
from tests.unit.billing.worth import agreed as worth
from tests.unit.billing.worth import outstanding


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


def accepted_alone(*items: AgreedOneOff) -> Quote:
    once = OneOffs(items=items or BOTH.items, net_days=10)
    return replace(after(draft(one_offs=once, lines=())), status="accepted", purchase_order="PO-7")


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
