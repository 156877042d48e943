"""Days that become those of another zone: periods tile time, each day is charged once, and nothing is used in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import accumulate, pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.billing.domain.amended_line import LineChange
from services.billing.domain.flat_charges import FlatCharges
from services.billing.domain.subscription.cancelling import OutsideTerm
from services.billing.domain.subscription.commands import (
    AmendSubscription,
    CancelSubscription,
    EffectAmendments,
    RemindOfEnd,
    RenewTerm,
    TransferSubscription,
)
from services.billing.domain.subscription.events import AmendmentScheduled, SubscriptionAmended, TermRenewed
from services.billing.domain.subscription.moving_zone import NotABillingDay, ZonesTooFarApart
from services.billing.domain.subscription.pausing import ChangePending
from services.billing.domain.zones import ZoneChange, day_of, instant_of, leaves_a_day, zone_on
from services.billing.processes.foreseeing import foresee
from shared.errors import DomainError
from shared.periods import Days, UnknownZone, local_day, start_of_day
from tests.unit.billing.lifetime import Lifetime
from tests.unit.billing.test_cancellation import AGREED, ARREARS, TAXED, running
from tests.unit.billing.test_subscription import CALLS, NEXT_QUOTE, new_york
from tests.unit.billing.test_transfers import ZURICH

HOME, TOKYO, ZURICH_ZONE, HAWAII = "America/New_York", "Asia/Tokyo", "Europe/Zurich", "Pacific/Honolulu"
ZONES = (HOME, TOKYO, ZURICH_ZONE, HAWAII, "UTC", "Asia/Kathmandu", "Pacific/Auckland", "America/Sao_Paulo")
FEBRUARY, MARCH, APRIL = date(2013, 2, 1), date(2013, 3, 1), date(2013, 4, 1)


def to(zone: str, on: Any, at: datetime) -> AmendSubscription:
    return AmendSubscription(at=at, when=on, change=LineChange(zone=zone))


def moved(*changes: tuple[date, str]) -> Lifetime:
    """Each is said ten days before."""
    life = running(new_york(2013, 1, 5))
    for on, zone in changes:
        life.move(max(life.now, life.subscription.instant(on - timedelta(days=10))))
        life.say(to(zone, on, life.now))
    return life


def metered(life: Lifetime) -> list[tuple[datetime, datetime]]:
    """The usage periods that have any time in them."""
    opened = {period.item.period_id: life.events["usage_period", period.item.period_id][0] for period in life.periods}
    found = [(opened[period.item.period_id].starts_at, period.ends_at) for period in life.periods]
    return sorted(span for span in found if span[0] < span[1])


def changes_of(told: Sequence[tuple[int, str]]) -> list[ZoneChange]:
    days = accumulate(
        (days for days, _ in told), lambda day, days: day + timedelta(days=days), initial=date(2012, 12, 31)
    )
    made: list[ZoneChange] = []
    for day, (_, zone) in zip([*days][1:], told, strict=True):
        if leaves_a_day(ZoneChange(day, zone), HOME, made):
            made.append(ZoneChange(day, zone))
    return made


told = st.lists(
    st.tuples(st.integers(1, 40), st.sampled_from((*ZONES, "Pacific/Kiritimati", "Etc/GMT+12"))), max_size=8
)


@given(told)
def test_days_follow_each_other_and_each_begins_where_the_one_before_ends(told: list[tuple[int, str]]) -> None:
    changes = changes_of(told)
    days = [date(2012, 12, 25) + timedelta(days=n) for n in range(400)]
    starts = [instant_of(day, HOME, changes) for day in days]
    assert all(one < other for one, other in pairwise(starts))
    for day, (start, end) in zip(days, pairwise(starts), strict=False):
        for instant in (start, start + (end - start) / 2, end - timedelta(microseconds=1)):
            assert day_of(instant, HOME, changes) == day


@given(told, st.integers(0, 400 * 24))
def test_but_for_the_day_of_a_change_a_day_is_that_of_its_zone(told: list[tuple[int, str]], hour: int) -> None:
    changes, instant = changes_of(told), datetime(2012, 12, 20, tzinfo=UTC) + timedelta(hours=hour)
    day = day_of(instant, HOME, changes)
    days_of_change = {change.on + timedelta(days=n) for change in changes for n in (-1, 0)}
    assert day in days_of_change or day == local_day(instant, zone_on(day, HOME, changes))


def test_what_runs_ends_as_the_old_zone_has_it_and_the_next_begins_there() -> None:
    life = moved((FEBRUARY, TOKYO))
    life.move(start_of_day(date(2013, 3, 2), TOKYO))
    switch = new_york(2013, 2, 1)
    march, april = (start_of_day(day, TOKYO) for day in (MARCH, APRIL))
    assert metered(life)[:3] == [(new_york(2013, 1, 1), switch), (switch, march), (march, april)]
    assert [i.header.bill.billing_on for i in life.invoices] == [date(2013, 1, 1), FEBRUARY, MARCH]
    assert [i.header.party.zone for i in life.invoices] == [HOME, TOKYO, TOKYO]
    assert life.differences() == []


def test_the_end_of_the_term_and_what_follows_it_are_those_of_the_new_zone() -> None:
    life = moved((MARCH, ZURICH_ZONE))
    life.move(new_york(2013, 3, 1))
    [amended] = [e for e in life.events["subscription", life.id] if isinstance(e, SubscriptionAmended)]
    end = start_of_day(date(2014, 1, 1), ZURICH_ZONE)
    assert (amended.facts.party.zone, amended.facts.ends_at) == (ZURICH_ZONE, end)
    assert amended.before == amended.facts.base
    line = replace(AGREED, starts_on=date(2014, 1, 1))
    [renewed] = life.say(RenewTerm(term_number=2, line=line, quote_id=NEXT_QUOTE, at=life.now))
    assert isinstance(renewed, TermRenewed)
    assert (renewed.facts.starts_at, renewed.facts.party.zone) == (end, ZURICH_ZONE)
    life.move(end)
    assert life.invoices[-1].header.bill.billed_at == end and life.subscription.status == "active"


def test_a_term_that_nobody_renews_lapses_where_its_last_day_ends_now() -> None:
    life = moved((MARCH, HAWAII))
    end = start_of_day(date(2014, 1, 1), HAWAII)
    life.move(end - timedelta(seconds=1))
    assert life.subscription.status == "active"
    life.move(end)
    assert life.subscription.status == "lapsed"
    reminded = life.subscription.reminded
    assert reminded == ((1, 90), (1, 60), (1, 30))


def test_a_reminder_of_the_old_zone_is_none_any_more() -> None:
    life = moved((MARCH, ZURICH_ZONE))
    life.move(new_york(2013, 3, 1))
    assert life.say(RemindOfEnd(at=new_york(2013, 11, 2))) == []


def test_a_renewal_that_is_agreed_before_the_change_has_its_periods_in_the_new_zone() -> None:
    life = running(new_york(2013, 11, 5))
    life.say(to(TOKYO, date(2013, 12, 1), life.now))
    line = replace(AGREED, starts_on=date(2014, 1, 1))
    life.say(RenewTerm(term_number=2, line=line, quote_id=NEXT_QUOTE, at=life.now))
    life.move(start_of_day(date(2014, 2, 2), TOKYO))
    assert metered(life)[-4:-1] == [
        (new_york(2013, 12, 1), start_of_day(date(2014, 1, 1), TOKYO)),
        (start_of_day(date(2014, 1, 1), TOKYO), start_of_day(date(2014, 2, 1), TOKYO)),
        (start_of_day(date(2014, 2, 1), TOKYO), start_of_day(MARCH.replace(year=2014), TOKYO)),
    ]


def test_what_is_transferred_afterwards_goes_on_in_the_new_zone() -> None:
    life = moved((FEBRUARY, TOKYO))
    life.move(start_of_day(date(2013, 2, 5), TOKYO))
    life.say(TransferSubscription(at=life.now, on=date(2013, 2, 20), to=ZURICH))
    due = life.subscription.transfer_due
    assert due is not None
    assert (due.to.zone, due.at) == (TOKYO, start_of_day(date(2013, 2, 20), TOKYO))


@pytest.mark.parametrize(
    ("zone", "on", "error", "field"),
    [
        ("Europe/Nowhere", FEBRUARY, UnknownZone, "/zone"),
        (TOKYO, date(2013, 2, 2), NotABillingDay, "/on"),
        (TOKYO, date(2013, 1, 5), OutsideTerm, "/on"),
        (TOKYO, "now", OutsideTerm, "/effective"),
        (TOKYO, date(2014, 1, 1), OutsideTerm, "/on"),
    ],
)
def test_what_cannot_be_names_the_field(zone: str, on: Any, error: type[DomainError], field: str) -> None:
    life = running(new_york(2013, 1, 5))
    with pytest.raises(error) as refusal:
        life.say(to(zone, on, life.now))
    assert refusal.value.field == field


def test_zones_more_than_a_day_apart_need_one_between_them() -> None:
    life = moved((FEBRUARY, "Etc/GMT+12"))
    life.move(life.subscription.instant(date(2013, 2, 10)))
    with pytest.raises(ZonesTooFarApart):
        life.say(to("Pacific/Kiritimati", MARCH, life.now))
    life.say(to("UTC", MARCH, life.now))


@given(told, st.integers(0, 400), st.integers(1, 100), st.integers(0, 100))
def test_parts_by_the_second_add_up_to_the_time_from_the_first_instant_to_the_last(
    told: list[tuple[int, str]], first: int, length: int, cut: int
) -> None:
    changes, start = tuple(changes_of(told)), date(2012, 12, 25) + timedelta(days=first)
    days, middle = Days(start, start + timedelta(days=length)), start + timedelta(days=min(cut, length))
    line = replace(AGREED, proration="seconds")
    charges = FlatCharges(line=line, currency="USD", anchor=start, zone=HOME, zone_changes=changes)
    one, other = (charges.share(days, part) for part in (Days(days.start, middle), Days(middle, days.end)))
    lasts = instant_of(days.end, HOME, changes) - instant_of(days.start, HOME, changes)
    assert one.denominator == other.denominator == one.numerator + other.numerator == lasts.total_seconds()


def test_credit_by_the_second_is_of_the_instants_at_which_days_begin() -> None:
    """A quarter that Tokyo ends 13 hours before New York does, and a summer time that it does not have."""
    life = running(new_york(2013, 1, 5), replace(TAXED, every="quarter"), proration="seconds")
    life.say(to(TOKYO, FEBRUARY, life.now))
    left = start_of_day(date(2013, 3, 21), TOKYO)
    life.move(left)
    life.say(CancelSubscription(at=left, when="now", credit="unused_time", reason="done"))
    life.move(left)
    start, end = new_york(2013, 1, 1), start_of_day(APRIL, TOKYO)
    [quarter] = life.invoices
    price = quarter.totals.subtotal
    unused, whole = ((end - since).total_seconds() for since in (left, start))
    assert quarter.credited - quarter.credited_tax == price.times(Decimal(unused) / Decimal(whole))
    assert life.differences() == []


def test_another_change_comes_first() -> None:
    life = running(new_york(2013, 1, 5))
    life.say(AmendSubscription(at=life.now, when=date(2013, 1, 20), change=LineChange(quantity=2)))
    with pytest.raises(ChangePending):
        life.say(to(TOKYO, FEBRUARY, life.now))


def test_the_zone_that_it_has_already_changes_nothing() -> None:
    life = running(new_york(2013, 1, 5))
    assert life.say(to(HOME, FEBRUARY, life.now)) == []
    [scheduled] = life.say(to(TOKYO, "period_end", life.now))
    assert isinstance(scheduled, AmendmentScheduled) and scheduled.amendment.effective_on == FEBRUARY
    assert life.say(to(TOKYO, FEBRUARY, life.now)) == []


def test_a_preview_tells_the_bills_and_credits_nothing() -> None:
    life = running(new_york(2013, 1, 5))
    at = new_york(2013, 2, 1)
    said = to(TOKYO, FEBRUARY, life.now)
    foreseen = foresee(life.subscription, said, EffectAmendments(at=at), (life.now, at), life.invoices)
    assert foreseen.credits == () and [i.invoice.header.bill.billing_on for i in foreseen.bills] == [FEBRUARY]


@settings(deadline=None, max_examples=25)
@given(
    told=st.lists(st.tuples(st.integers(1, 4), st.sampled_from(ZONES)), max_size=4),
    ends=st.none() | st.integers(0, 20),
)
def test_whatever_zones_a_contract_is_moved_to_time_is_tiled_and_each_day_charged_once(
    told: list[tuple[int, str]], ends: int | None
) -> None:
    life = Lifetime(replace(AGREED, charges=(TAXED, ARREARS, CALLS)), new_york(2012, 12, 1))
    life.used = [(new_york(2013, 1, 1) + timedelta(hours=7 * n), 1) for n in range(1251)]
    month = 1
    for later, zone in told:
        month += later
        if month > 12:
            break
        on = date(2013, month, 1)
        life.move(life.subscription.instant(on - timedelta(days=15)))
        life.say(to(zone, on, life.now))
        life.move(life.subscription.instant(on))
    last = date(2014, 1, 1)
    if ends is not None and life.subscription.day(life.now) < date(2013, 12, 1):
        life.move(life.now + timedelta(days=ends))
        last = life.subscription.day(life.now)
        life.say(CancelSubscription(at=life.now, when="now", credit="unused_time", reason="done"))
        life.move(life.now)
    life.move(max(life.now, new_york(2014, 4, 1)))
    spans = metered(life)
    assert all(one[1] == other[0] for one, other in pairwise(spans))
    assert spans == [] or spans[0][0] == new_york(2013, 1, 1)
    assert last < date(2014, 1, 1) or spans[-1][1] == life.subscription.instant(last)
    charged = {date(2013, 1, 1) + timedelta(days=n) for n in range((last - date(2013, 1, 1)).days)}
    assert life.days_charged(TAXED.code) == dict.fromkeys(charged, 1)
    assert life.days_charged(ARREARS.code) == dict.fromkeys(charged, 1)
    calls = [line.quantity for i in life.invoices for line in i.lines if line.charge == CALLS.code]
    assert sum(calls) == sum(n for at, n in life.used if spans and at < spans[-1][1])
    assert life.differences() == []
