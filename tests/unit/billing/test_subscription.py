"""Given events, when a command, then events: the state table of a subscription."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from services.billing.domain.agreement import AgreedLine, Party, RenewalTerms
from services.billing.domain.plan import Charge
from services.billing.domain.pricing.price import Price
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.billing import boundaries, usage_periods
from services.billing.domain.subscription.commands import (
    CreateSubscription,
    EndTerm,
    ExpireSubscription,
    RemindOfEnd,
    RenewTerm,
    RequestBill,
    RequestNonRenewal,
    StartTerm,
    WithdrawNonRenewal,
)
from services.billing.domain.subscription.events import (
    NonRenewalRequested,
    NonRenewalWithdrawn,
    ReinstatementFeeAssessed,
    SubscriptionActivated,
    SubscriptionExpired,
    SubscriptionTermEnded,
    SubscriptionTermEnding,
    TermRenewed,
    TermStarted,
)
from services.billing.domain.subscription.renewing import WindowOver
from services.billing.domain.subscription.state import SubscriptionNotFound, days_of
from shared.decider import NotAllowedNow
from shared.money import Money

ME, QUOTE, NEXT_QUOTE, SUCCESSOR = (UUID(int=n) for n in range(1, 5))
FEE = Charge(
    code="fee", name="Fee", kind="flat", in_advance=True, price=Price(model="per_unit", unit_amount=Decimal(1500))
)
CALLS = Charge(
    code="calls", name="Calls", kind="metered", meter="calls", price=Price(model="per_unit", unit_amount=Decimal(1))
)
POLICY = RenewalTerms(
    policy="standard",
    version=1,
    grace_days=14,
    reinstatement_days=365,
    reinstatement_percent=Decimal(20),
    uplift_percent=Decimal(4),
)
LINE = AgreedLine(
    plan="gates",
    plan_version=1,
    name="Gates",
    charges=(FEE, CALLS),
    every="month",
    calendar=True,
    term_months=12,
    net_days=15,
    collect_seconds=0,
    review_days=0,
    proration="days",
    features={"gate-use": None},
    renewal=POLICY,
    starts_on=date(2013, 1, 1),
)
PARTY = Party(customer_id=UUID(int=9), key="F9", name="Frontier", zone="America/New_York", currency="USD")
CREATE = CreateSubscription(subscription_id=ME, party=PARTY, line=LINE, quote_id=QUOTE)


def new_york(year: int, month: int, day: int, hour: int = 0) -> datetime:
    from zoneinfo import ZoneInfo

    return datetime(year, month, day, hour, tzinfo=ZoneInfo("America/New_York")).astimezone(UTC)


class Story:
    """Commands one after another; `when` gives the events of the last one."""

    def __init__(self, *commands: Any):
        self.events: list[Any] = []
        for command in (CREATE, *commands):
            self.events += self.when(command)

    @property
    def state(self) -> Any:
        return SUBSCRIPTION.replay(self.events)

    def when(self, command: Any) -> list[Any]:
        return SUBSCRIPTION.decide(self.state, command)


START, END = StartTerm(at=new_york(2013, 1, 1)), EndTerm(at=new_york(2014, 1, 1))


def renew(*when: int, term: int = 2) -> RenewTerm:
    return RenewTerm(term_number=term, line=LINE, quote_id=NEXT_QUOTE, at=new_york(*when))


def kinds(events: list[Any]) -> list[type]:
    return [type(event) for event in events]


def test_creating_it_twice_makes_one() -> None:
    assert Story().when(CREATE) == []


def test_nothing_happens_to_what_was_never_created() -> None:
    with pytest.raises(SubscriptionNotFound):
        SUBSCRIPTION.decide(None, START)


def test_the_first_day_activates_it() -> None:
    assert kinds(Story().when(START)) == [SubscriptionActivated, TermStarted]


def test_the_end_that_nobody_renewed_ends_the_term() -> None:
    assert kinds(Story(START).when(END)) == [SubscriptionTermEnded]
    assert Story(START, END).when(END) == []


def test_a_term_that_was_renewed_does_not_end() -> None:
    story = Story(START, renew(2013, 12, 10, 12))
    assert story.when(END) == []
    assert kinds(story.when(StartTerm(at=new_york(2014, 1, 1)))) == [TermStarted]


def test_renewing_the_same_term_twice_renews_it_once() -> None:
    assert Story(START, renew(2013, 12, 10)).when(renew(2013, 12, 11)) == []


@pytest.mark.parametrize("day", [1, 14])
def test_renewing_within_grace_costs_nothing_and_is_dated_back(day: int) -> None:
    (renewed,) = Story(START, END).when(renew(2014, 1, day, 23))
    assert (renewed.term.starts_on, renewed.term.ends_on) == (date(2014, 1, 1), date(2015, 1, 1))
    assert not renewed.reinstated


def test_renewing_after_grace_costs_the_fee_of_the_days_that_lapsed() -> None:
    fee, renewed = Story(START, END).when(renew(2014, 1, 20, 12))
    assert isinstance(fee, ReinstatementFeeAssessed) and isinstance(renewed, TermRenewed)
    assert (fee.fee.lapsed_days, fee.fee.amount) == (19, Money(18740, "USD"))
    assert renewed.reinstated


def test_grace_is_counted_in_the_zone_of_the_contract() -> None:
    """23:30 on the 14th in New York is the 15th in UTC: still within grace."""
    late = RenewTerm(term_number=2, line=LINE, quote_id=NEXT_QUOTE, at=datetime(2014, 1, 15, 4, 30, tzinfo=UTC))
    assert kinds(Story(START, END).when(late)) == [TermRenewed]


def test_after_the_window_there_is_no_way_back() -> None:
    with pytest.raises(WindowOver):
        Story(START, END).when(renew(2015, 1, 15))
    expire = ExpireSubscription(at=new_york(2015, 1, 15))
    assert kinds(Story(START, END).when(expire)) == [SubscriptionExpired]
    assert Story(START, renew(2013, 12, 1)).when(expire) == []


def test_non_renewal_names_the_successor_and_can_be_taken_back() -> None:
    stop = RequestNonRenewal(reason="migrated", successor_subscription_id=SUCCESSOR)
    (requested,) = Story(START).when(stop)
    assert isinstance(requested, NonRenewalRequested) and requested.successor_subscription_id == SUCCESSOR
    assert Story(START, stop).when(stop) == []
    (ended,) = Story(START, stop).when(END)
    assert ended.successor_subscription_id == SUCCESSOR
    assert kinds(Story(START, stop).when(WithdrawNonRenewal())) == [NonRenewalWithdrawn]
    with pytest.raises(NotAllowedNow):
        Story(START).when(WithdrawNonRenewal())


def test_a_reminder_is_sent_once_for_each_term_and_distance() -> None:
    ninety = RemindOfEnd(at=new_york(2013, 10, 3))
    (ending,) = Story(START).when(ninety)
    assert isinstance(ending, SubscriptionTermEnding) and ending.days_left == 90
    assert Story(START, ninety).when(ninety) == []


def test_the_first_bill_is_the_fee_and_the_next_one_has_the_usage_of_the_month() -> None:
    story = Story(START)
    (first,) = story.when(RequestBill(at=new_york(2013, 1, 1)))
    assert [item.starts_on for item in first.bill.flat] == [date(2013, 1, 1)] and first.bill.usage == ()
    story.events += [first]
    assert story.when(RequestBill(at=new_york(2013, 1, 1))) == []
    (second,) = story.when(RequestBill(at=new_york(2013, 2, 1)))
    assert [item.starts_on for item in second.bill.flat] == [date(2013, 2, 1)]
    assert [(item.charge, item.ends_on) for item in second.bill.usage] == [("calls", date(2013, 2, 1))]


def bill_days(story: Story, *days: tuple[int, ...]) -> list[Any]:
    bills = []
    for day in days:
        events = story.when(RequestBill(at=new_york(*day)))
        story.events += events
        bills += [event.bill for event in events]
    return bills


def test_a_lapsed_subscription_gets_its_usage_only_and_after_a_late_renewal_the_rest() -> None:
    story = Story(START)
    bill_days(story, *((2013, month, 1) for month in range(1, 13)))
    story.events += story.when(END)
    (arrears,) = bill_days(story, (2014, 1, 1))
    assert arrears.flat == () and [item.starts_on for item in arrears.usage] == [date(2013, 12, 1)]
    story.events += story.when(renew(2014, 1, 20, 12))
    (late,) = bill_days(story, (2014, 1, 20, 12))
    assert [item.starts_on for item in late.flat] == [date(2014, 1, 1)] and late.usage == ()
    assert [fee.lapsed_days for fee in late.fees] == [19]
    (following,) = bill_days(story, (2014, 2, 1))
    assert following.fees == () and [item.starts_on for item in following.usage] == [date(2014, 1, 1)]


def test_usage_is_never_requested_beyond_the_term() -> None:
    subscription = Story(START).state
    periods = list(usage_periods(subscription, date(2013, 12, 1), date(2014, 3, 1)))
    assert [period.starts_on for period in periods] == [date(2013, 12, 1)]
    renewed = Story(START, renew(2013, 12, 10)).state
    assert len(list(usage_periods(renewed, date(2013, 12, 1), date(2014, 3, 1)))) == 4


def test_billing_days_are_the_starts_of_all_periods_and_the_end() -> None:
    subscription = Story().state
    days = boundaries(subscription.anchor, days_of(subscription.last), subscription.last.line)
    assert (len(days), days[0], days[-1]) == (13, date(2013, 1, 1), date(2014, 1, 1))
    yearly = replace(LINE, every="year", charges=(replace(FEE, every="month"),))
    assert len(boundaries(subscription.anchor, days_of(subscription.last), yearly)) == 13


def test_an_acceptance_in_the_last_second_of_the_window_renews_however_late_it_is_heard() -> None:
    late = RenewTerm(term_number=2, line=LINE, quote_id=NEXT_QUOTE, at=datetime(2015, 1, 15, 4, 59, 59, tzinfo=UTC))
    expired = Story(START, END, ExpireSubscription(at=new_york(2015, 1, 15)))
    assert expired.when(late) == Story(START, END).when(late)
    expired.events += expired.when(late)
    assert expired.state.status == "active"


@pytest.mark.parametrize("over", [END, ExpireSubscription(at=new_york(2015, 1, 15))])
def test_a_successor_heard_of_after_the_end_is_told_and_changes_no_status(over: Any) -> None:
    stop = RequestNonRenewal(reason="migrated", successor_subscription_id=SUCCESSOR)
    story = Story(START, END, over)
    status = story.state.status
    (requested,) = story.when(stop)
    assert requested.successor_subscription_id == SUCCESSOR
    story.events += [requested]
    assert (story.state.status, story.state.successor, story.when(stop)) == (status, SUCCESSOR, [])


def test_non_renewal_of_what_lapsed_is_no_news_and_of_what_expired_it_is_refused() -> None:
    stop = RequestNonRenewal(reason="budget_lost")
    assert Story(START, END).when(stop) == []
    with pytest.raises(NotAllowedNow):
        Story(START, END, ExpireSubscription(at=new_york(2015, 1, 15))).when(stop)


def test_a_renewal_heard_after_the_end_was_billed_gets_an_invoice_of_its_own_at_that_instant() -> None:
    story = Story(START)
    before = bill_days(story, *((2013, month, 1) for month in range(1, 13)), (2014, 1, 1))
    story.events += story.when(END)
    story.events += story.when(renew(2013, 12, 31, 23))
    (late,) = bill_days(story, (2014, 1, 1))
    assert [item.starts_on for item in late.flat] == [date(2014, 1, 1)] and late.usage == ()
    assert late.invoice_id not in [bill.invoice_id for bill in before]


def test_a_billing_day_that_is_reached_late_bills_nothing_that_was_agreed_after_it() -> None:
    """The worker stood still from before the end until after the renewal in grace."""
    story = Story(START)
    bill_days(story, *((2013, month, 1) for month in range(1, 13)))
    story.events += story.when(renew(2014, 1, 10, 9))
    at_the_end, renewed = bill_days(story, (2014, 1, 1), (2014, 1, 10), (2014, 1, 10, 9))
    assert at_the_end.flat == () and [item.ends_on for item in at_the_end.usage] == [date(2014, 1, 1)]
    assert [item.starts_on for item in renewed.flat] == [date(2014, 1, 1)] and renewed.usage == ()
