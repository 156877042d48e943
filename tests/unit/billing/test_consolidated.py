"""One invoice for all bills of a customer's day: nothing is lost, nothing is there twice, each line has its subscription."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from services.billing.domain.agreement import AgreedLine
from services.billing.domain.amended_line import LineChange
from services.billing.domain.coupon import AgreedCoupon
from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import RecordPayment
from services.billing.domain.invoice.events import CorrectionAnswered
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.plan import MinimumCommitment
from services.billing.domain.subscription.commands import (
    AmendSubscription,
    CancelSubscription,
    PauseSubscription,
    ResumeSubscription,
    TransferSubscription,
)
from services.billing.domain.taxation.rates import Taxation
from services.billing.processes.collecting import Debtor, debts
from shared.money import Money
from tests.unit.billing.household import Household, Member
from tests.unit.billing.test_subscription import CALLS, FEE, LINE, new_york
from tests.unit.billing.test_transfers import ZURICH

JANUARY, APRIL = new_york(2013, 1, 1), new_york(2013, 4, 1)
ALWAYS = [(date(2012, 1, 1), date(2020, 1, 1))]
RATE = "0.08875"
TAXED = replace(
    LINE,
    charges=(
        replace(FEE, tax_rates=(RATE,), price=replace(FEE.price, unit_amount=Decimal("15.01"))),
        replace(CALLS, tax_rates=(RATE,)),
    ),
)
SLOW = replace(TAXED, collect_seconds=3 * 86_400)


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def of_two(*lines: object, consolidated: list[tuple[date, date]] = ALWAYS, until: datetime = APRIL) -> Household:
    household = Household(consolidated)
    for line in lines or (TAXED, TAXED):
        household.join(line, JANUARY, [(new_york(2013, 1, 10), 3)])  # type: ignore[arg-type]
    household.move(until)
    return household


def on(household: Household, day: date) -> list[Invoice]:
    return [invoice for invoice in household.invoices if invoice.header.bill.billing_on == day]


def test_bills_of_one_day_are_one_invoice_with_one_number_one_due_day_and_one_tax() -> None:
    household = of_two(TAXED, replace(TAXED, net_days=30), until=new_york(2013, 1, 2))
    (invoice,) = household.invoices
    assert invoice.header.subscription_id is None and invoice.header.kind == "regular"
    assert [line.subscription_id for line in invoice.lines] == [member.id for member in household.members]
    assert invoice.issued.due_on == date(2013, 1, 31)  # nobody owes earlier than any of the contracts says
    assert (invoice.totals.subtotal, invoice.totals.tax) == (usd(3002), usd(266))  # 266.43 once, not twice 133.21
    assert household.differences() == []


def test_the_invoice_waits_for_the_day_to_be_over_and_for_the_last_usage_period() -> None:
    household = of_two(TAXED, SLOW, until=new_york(2013, 2, 1, 12))
    assert on(household, date(2013, 2, 1)) == [] and len(household.waiting) == 2
    household.move(new_york(2013, 2, 3))
    assert on(household, date(2013, 2, 1)) == []
    household.move(new_york(2013, 2, 4))
    (invoice,) = on(household, date(2013, 2, 1))
    assert len(invoice.lines) == 4 and household.waiting == []


def test_a_bill_that_is_alone_has_the_invoice_that_it_always_had() -> None:
    (invoice,) = of_two(TAXED, until=new_york(2013, 1, 2)).invoices
    assert invoice.header.subscription_id == UUID(int=100) and not invoice.header.parts
    assert invoice.lines[0].subscription_id is None


def test_who_chooses_has_one_invoice_a_day_from_that_day_on() -> None:
    household = of_two(consolidated=[(date(2013, 2, 1), date(2013, 3, 1))], until=new_york(2013, 3, 2))
    assert [len(on(household, date(2013, month, 1))) for month in (1, 2, 3)] == [2, 1, 2]


def test_what_is_taxed_in_another_way_is_invoiced_apart() -> None:
    household = Household(ALWAYS)
    household.join(TAXED, JANUARY)
    household.taxation = Taxation(rounding="tax_per_line")
    household.join(TAXED, JANUARY)
    household.move(new_york(2013, 1, 2))
    assert len(household.invoices) == 2


def test_late_usage_corrects_the_line_of_its_subscription_to_the_minor_unit() -> None:
    household = of_two()
    first, second = household.members
    original = next(i for i in on(household, date(2013, 2, 1)) if i.header.parts)
    for member, quantity in ((second, 9), (first, 5), (first, 1)):
        period = next(p for p in member.periods if p.item.starts_on == date(2013, 1, 1))
        household.revise(period.item.period_id, quantity, APRIL)
    documents = [i for i in household.invoices if i.header.corrects]
    assert [i.header.subscription_id for i in documents] == [second.id, first.id]
    assert all(line.subscription_id == i.header.subscription_id for i in documents for line in i.lines)
    answers = [e for e in household.events["invoice", original.header.invoice_id] if isinstance(e, CorrectionAnswered)]
    credited = [document.invoice_id for document in answers[-1].documents]
    assert documents[0].header.invoice_id not in credited  # that is the other subscription's
    assert household.differences() == []


def test_who_leaves_is_credited_for_their_own_lines_alone() -> None:
    household = of_two(until=new_york(2013, 1, 10))
    leaving, staying = household.members
    leaving.say(CancelSubscription(at=new_york(2013, 1, 10), when="now", credit="unused_time", reason="left"))
    household.move(new_york(2013, 1, 11))
    (invoice,) = household.invoices[:1]
    (carried,) = invoice.unused
    assert {line.subscription_id for line in carried.lines} == {leaving.id}
    shares = {each.subscription_id: each.share for each in invoice.issued.subscriptions}
    assert shares[leaving.id] == usd(1634) - carried.totals("USD").total and shares[staying.id] == usd(1634)
    assert household.differences() == []


def test_a_draft_is_rated_again_with_all_its_subscriptions() -> None:
    reviewed = replace(TAXED, review_days=5)
    household = of_two(reviewed, TAXED, until=new_york(2013, 2, 3))
    (draft,) = on(household, date(2013, 2, 1))
    assert draft.status == "draft"
    period = next(p for p in household.members[1].periods if p.closed)
    household.revise(period.item.period_id, 8, new_york(2013, 2, 3))
    (draft,) = on(household, date(2013, 2, 1))
    assert draft.totals.subtotal == usd(2 * 1501 + 300 + 800)
    household.move(new_york(2013, 2, 7))
    assert on(household, date(2013, 2, 1))[0].status == "issued" and household.differences() == []


def test_an_open_amount_is_the_debt_of_each_subscription_by_its_part() -> None:
    household = of_two(TAXED, replace(TAXED, quantity=2), until=new_york(2013, 1, 2))
    (invoice,) = household.invoices
    shares = {each.subscription_id: each.share.minor for each in invoice.issued.subscriptions}
    found = debts(Debtor(None, invoice.header.party.customer_id), shares, invoice.open)
    assert [debtor.subscription_id for debtor, _ in found] == [member.id for member in household.members]
    assert Money.total((part for _, part in found), "USD") == invoice.open


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=8), st.integers(0, 10**7))
def test_parts_of_a_debt_come_to_all_of_it(shares: list[int], owed: int) -> None:
    by_id = {UUID(int=n): share for n, share in enumerate(shares)}
    found = debts(Debtor(None, UUID(int=99)), by_id, usd(owed))
    assert sum(part.minor for _, part in found) == owed and all(part.minor >= 0 for _, part in found)
    if owed <= sum(shares):
        assert all(part.minor <= by_id[debtor.subscription_id or UUID(int=0)] for debtor, part in found)


def test_a_payment_of_a_consolidated_invoice_pays_all_of_its_subscriptions() -> None:
    (invoice,) = of_two(until=new_york(2013, 1, 2)).invoices
    pay = RecordPayment(payment_id=UUID(int=5), amount=invoice.open, reference="", received_at=JANUARY)
    *_, paid = INVOICE.decide(invoice, pay)
    assert [each.subscription_id for each in paid.facts.subscriptions] == [UUID(int=100), UUID(int=101)]


DAYS = st.integers(1, 80).map(lambda n: JANUARY + timedelta(days=n, hours=11))
SAID = ("cancel", "cancel_at_period_end", "pause", "amend", "late", "transfer")
MINIMUM = MinimumCommitment(code="least", name="Least", amount=usd(1999), tax_rates=(RATE,))
COUPONS = (AgreedCoupon(code="TENTH", name="A tenth", percent=Decimal(10)),)
PER_LINE = Taxation(rounding="tax_per_line")
# A line with the day on which it begins; what is said to whom when, with a number.
Joining = tuple[AgreedLine, int]
Saying = tuple[datetime, int, str, int]
Story = tuple[list[Joining], list[Saying]]


@st.composite
def lines(draw: st.DrawFn) -> AgreedLine:
    fee, calls = TAXED.charges
    return replace(
        TAXED,
        charges=(replace(fee, in_advance=draw(st.booleans())), calls),
        collect_seconds=draw(st.sampled_from((0, 3600, 4 * 86_400))),
        late_usage=draw(st.sampled_from(("correct", "next_invoice"))),
        quantity=draw(st.integers(1, 3)),
        calendar=draw(st.booleans()),
        term_months=3,
        minimum=draw(st.sampled_from((None, MINIMUM, replace(MINIMUM, true_up="term")))),
        coupons=draw(st.sampled_from(((), COUPONS))),
    )


@st.composite
def stories(draw: st.DrawFn) -> Story:
    joining = draw(st.lists(st.tuples(lines(), st.integers(0, 40)), min_size=2, max_size=4))
    said = st.tuples(DAYS, st.integers(0, len(joining) - 1), st.sampled_from(SAID), st.integers(0, 9))
    return joining, draw(st.lists(said, max_size=5))


def told(story: Story, spans: list[tuple[date, date]], taxation: Taxation | None) -> Household:
    household, (joining, said), joined = Household(spans, taxation), story, dict[int, Member]()
    joins = [(JANUARY + timedelta(days=days), n, "join", 0) for n, (_, days) in enumerate(joining)]
    for at, n, what, number in sorted([*joins, *said], key=lambda each: (each[0], each[2] != "join")):
        household.move(at)
        if what == "join":
            used = [(at + timedelta(days=3 * k, hours=1), 2 + k) for k in range(30)]
            joined[n] = household.join(replace(joining[n][0], starts_on=at.date()), at, used)
        elif n in joined:
            _say(household, joined[n], what, number, at)
        household.move(at)
    household.move(JANUARY + timedelta(days=160))  # all terms are over, and billed
    return household


def _say(household: Household, member: Member, what: str, number: int, at: datetime) -> None:
    status = member.subscription.status
    if what == "late":
        periods = sorted((p for p in member.periods if p.closed), key=lambda p: p.item.starts_on)
        if periods:
            household.revise(periods[number % len(periods)].item.period_id, number, at)
    elif status == "paused":
        member.say(ResumeSubscription(at=at))
    elif status == "active" and what.startswith("cancel") and member.subscription.transfer_due:
        return
    elif status == "active" and what == "cancel":
        member.say(CancelSubscription(at=at, when="now", credit="unused_time", reason="left"))
    elif status == "active" and what == "cancel_at_period_end":
        member.say(CancelSubscription(at=at, when="period_end", credit="unused_time", reason="left"))
    elif status == "active" and not (member.subscription.cancellation_due or member.subscription.transfer_due):
        if what == "transfer":
            day = member.subscription.day(at) + timedelta(days=1)
            member.say(TransferSubscription(at=at, on=day, to=ZURICH))
        elif what == "pause":
            member.say(PauseSubscription(at=at, until=None, reason="holidays"))
        else:
            member.say(AmendSubscription(at=at, when="now", change=LineChange(quantity=number + 1)))


@settings(max_examples=60, deadline=None)
@given(stories(), st.integers(0, 120), st.integers(1, 60), st.sampled_from((None, PER_LINE)))
def test_whatever_happens_the_lines_are_those_of_invoices_by_subscription(
    story: Story, first: int, days: int, taxation: Taxation | None
) -> None:
    """Always, or switched on and off again. Rounded on each line, tax is the same as well; but late usage that finds no
    invoice yet changes a line, and later adds one."""
    start = JANUARY.date() + timedelta(days=first)
    apart, is_taxed_alike = (
        told(story, [], taxation),
        taxation is PER_LINE and not any(said[2] == "late" for said in story[1]),
    )
    for spans in (ALWAYS, [(start, start + timedelta(days=days))]):
        together = told(story, spans, taxation)
        assert together.net == apart.net
        assert together.money == apart.money or not is_taxed_alike
        assert together.differences() == [] and together.waiting == []
