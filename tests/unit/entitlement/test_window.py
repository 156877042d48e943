"""The window region: what time, renewal and a successor do to a right."""

from dataclasses import replace
from datetime import date

import pytest

from services.entitlement.domain.entitlement.commands import AmendEntitlement, ExtendEntitlement
from services.entitlement.domain.entitlement.events import (
    EntitlementActivated,
    EntitlementCancelled,
    EntitlementExpired,
    EntitlementExtended,
    EntitlementGraceStarted,
    EntitlementGranted,
    EntitlementHoldPlaced,
    EntitlementHoldRemoved,
    EntitlementReinstated,
    EntitlementScheduled,
    EntitlementTerminated,
)
from services.entitlement.domain.entitlement.holds import HoldCause
from services.entitlement.domain.entitlement.state import EntitlementNotFound
from services.entitlement.domain.entitlement.window import Window, extended, window_of
from shared.periods import start_of_day
from tests.unit.entitlement.stories import (
    AFTER_GRACE,
    BEFORE,
    CUSTOMER,
    END,
    FIRST_TERM,
    GRACE_OVER,
    MIDTERM,
    NEW_YORK,
    SECOND,
    SECOND_TERM,
    SOLD,
    START,
    SUBSCRIPTION,
    SUCCESSOR,
    WINDOW_OVER,
    after,
    announce,
    cancel,
    events_of,
    extend,
    given,
    grant,
    midnight,
    reach,
    term,
    withdraw,
)

first_window = window_of(FIRST_TERM, NEW_YORK)
second_window = extended(first_window, SECOND_TERM, NEW_YORK)
ended = HoldCause(what="term_end", at=GRACE_OVER)


def test_days_become_instants_in_the_zone_of_the_contract():
    assert first_window == Window(
        term_number=1, starts_at=START, ends_at=END, grace_until=GRACE_OVER, reinstatable_until=WINDOW_OVER
    )
    assert END.isoformat() == "2014-01-01T05:00:00+00:00"


def test_grace_over_a_change_of_clocks_still_ends_at_local_midnight():
    window = window_of(term(1, "2013-01-01", "2013-03-05"), NEW_YORK)
    assert (window.ends_at.hour, window.grace_until.hour) == (5, 4)


def test_an_extension_keeps_the_first_start():
    assert second_window.starts_at == START
    assert second_window.ends_at == midnight("2015-01-01")


def test_a_right_that_starts_later_is_scheduled():
    granted, scheduled = given()(grant(BEFORE))
    assert isinstance(granted, EntitlementGranted)
    assert (granted.subscription_id, granted.customer_id, granted.window) == (SUBSCRIPTION, CUSTOMER, first_window)
    assert scheduled == EntitlementScheduled(starts_at=START, at=BEFORE)


def test_a_right_that_has_started_is_active_at_once():
    assert given()(grant(MIDTERM))[1:] == [EntitlementActivated(at=MIDTERM)]


def test_granting_twice_changes_nothing():
    assert given(grant())(grant(MIDTERM)) == []


def test_the_start_activates():
    assert given(grant())(reach(START)) == [EntitlementActivated(at=START)]


def test_nothing_starts_before_its_instant():
    assert given(grant())(reach(START - SECOND)) == []


def test_the_end_begins_grace():
    assert given(grant(), reach(START))(reach(END)) == [EntitlementGraceStarted(until=GRACE_OVER, at=END)]


def test_without_grace_the_end_expires():
    no_grace = term(1, "2013-01-01", "2014-01-01", grace_days=0)
    assert given(grant(first_term=no_grace), reach(START))(reach(END)) == [
        EntitlementExpired(at=END),
        EntitlementHoldPlaced(kind="expiry", cause=HoldCause(what="term_end", at=END), at=END),
    ]


def test_the_end_of_grace_expires_and_places_hold_expiry():
    assert given(grant(), reach(START), reach(END))(reach(GRACE_OVER)) == [
        EntitlementExpired(at=GRACE_OVER),
        EntitlementHoldPlaced(kind="expiry", cause=ended, at=GRACE_OVER),
    ]


def test_the_end_of_the_reinstatement_window_terminates():
    assert given(grant(), reach(GRACE_OVER))(reach(WINDOW_OVER)) == [
        EntitlementTerminated(reason="window_over", successor_id=None, at=WINDOW_OVER)
    ]


def test_a_late_clock_takes_every_step_at_its_own_instant():
    assert [(type(event), event.at) for event in given(grant())(reach(AFTER_GRACE))] == [
        (EntitlementActivated, START),
        (EntitlementGraceStarted, END),
        (EntitlementExpired, GRACE_OVER),
        (EntitlementHoldPlaced, GRACE_OVER),
    ]


@pytest.mark.parametrize("instant", [START, END, GRACE_OVER, WINDOW_OVER])
def test_every_instant_may_be_reached_twice(instant):
    assert given(grant(), reach(instant))(reach(instant)) == []


@pytest.mark.parametrize("stale", [START, END, GRACE_OVER])
def test_the_timers_of_an_extended_term_are_stale(stale):
    assert given(grant(), reach(START), extend(MIDTERM))(reach(stale)) == []


@pytest.mark.parametrize(
    ("history", "phase"),
    [((grant(),), "scheduled"), ((grant(), reach(START)), "active"), ((grant(), reach(END)), "active")],
)
def test_renewal_extends_what_is_not_expired(history, phase):
    assert given(*history)(extend(MIDTERM)) == [EntitlementExtended(window=second_window, at=MIDTERM)]
    assert after(*history, extend(MIDTERM)).status == phase


def test_late_renewal_reinstates_at_the_time_of_acceptance():
    renewed = HoldCause(what="term_renewed", at=AFTER_GRACE)
    assert given(grant(), reach(GRACE_OVER))(extend(AFTER_GRACE)) == [
        EntitlementHoldRemoved(kind="expiry", cause=renewed, at=AFTER_GRACE),
        EntitlementExtended(window=second_window, at=AFTER_GRACE),
        EntitlementReinstated(at=AFTER_GRACE),
    ]


def test_renewal_heard_after_the_window_was_over_still_counts():
    assert after(grant(), reach(WINDOW_OVER), extend(WINDOW_OVER - SECOND)).status == "active"


def test_the_same_or_an_older_term_extends_nothing():
    third = term(3, "2015-01-01", "2016-01-01")
    when = given(grant(), reach(START), extend(MIDTERM), extend(MIDTERM, to=third))
    assert when(extend(MIDTERM, to=third)) == when(extend(MIDTERM)) == when(extend(MIDTERM, to=FIRST_TERM)) == []


def test_a_later_term_that_ends_no_later_extends_nothing():
    assert given(grant())(extend(MIDTERM, to=term(2, "2013-01-01", "2014-01-01"))) == []


def test_cancelling_before_the_start_is_no_termination():
    assert given(grant())(cancel(BEFORE)) == [EntitlementCancelled(at=BEFORE)]


@pytest.mark.parametrize("at", [START, END, GRACE_OVER])
def test_cancelling_terminates(at):
    assert given(grant(), reach(at))(cancel(at)) == [
        EntitlementTerminated(reason="cancelled", successor_id=None, at=at)
    ]


@pytest.mark.parametrize("ended", [END, GRACE_OVER, WINDOW_OVER])
@pytest.mark.parametrize("cancelled", [MIDTERM, END])
def test_a_cancellation_that_is_heard_of_after_our_clock_ended_it_counts_from_its_own_instant(ended, cancelled):
    late = after(grant(), reach(ended), cancel(cancelled))
    in_time = after(grant(), reach(START), cancel(cancelled), reach(ended))
    assert (late.status, late.holds, late.right.ending) == (in_time.status, in_time.holds, in_time.right.ending)
    assert events_of(grant(), reach(ended), cancel(cancelled))[-1].at == cancelled


@pytest.mark.parametrize(
    "command", [cancel(MIDTERM), reach(END), announce(MIDTERM), withdraw(MIDTERM), extend(MIDTERM), grant()]
)
def test_nothing_revives_a_cancelled_right(command):
    assert given(grant(), reach(START), cancel(MIDTERM))(command) == []


@pytest.mark.parametrize("command", [cancel(END), reach(END), announce(END), withdraw(END), extend(END)])
def test_what_was_never_granted_is_not_found(command):
    with pytest.raises(EntitlementNotFound):
        given()(command)


def test_a_later_end_of_the_same_term_moves_the_window_and_keeps_who_follows():
    longer = ExtendEntitlement(term=term(1, "2013-01-01", "2014-01-11"), at=MIDTERM, what="subscription_resumed")
    [extended] = given(grant(), reach(START), announce(MIDTERM))(longer)
    assert extended.window.ends_at == midnight("2014-01-11")
    assert after(grant(), reach(START), announce(MIDTERM), longer).right.successor_id == SUCCESSOR
    assert given(grant(), reach(START), longer)(longer) == []
    assert given(grant(), reach(START), extend(MIDTERM), longer)(longer) == []  # the next term is known already


def test_where_the_news_of_a_later_end_is_late_the_right_opens_again():
    longer = ExtendEntitlement(term=term(1, "2013-01-01", "2014-03-01"), at=MIDTERM, what="subscription_resumed")
    events = given(grant(), reach(AFTER_GRACE))(longer)
    assert [type(event).__name__ for event in events] == [
        "EntitlementHoldRemoved",
        "EntitlementExtended",
        "EntitlementReinstated",
    ]
    assert events[0].cause.what == "subscription_resumed"


def in_zone(zone, at=MIDTERM):
    return AmendEntitlement(sold=SOLD, at=at, zone=zone)


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "Pacific/Honolulu"])
def test_days_of_another_zone_move_the_end_with_them_and_no_other_fact(zone):
    ends = ("2014-01-01", "2014-01-15", "2015-01-15")
    ends_at, grace_until, over = (start_of_day(date.fromisoformat(day), zone) for day in ends)
    window = replace(first_window, ends_at=ends_at, grace_until=grace_until, reinstatable_until=over)
    history = (grant(), reach(START), announce(MIDTERM))
    assert given(*history)(in_zone(zone)) == [EntitlementExtended(window=window, at=MIDTERM, zone=zone)]
    moved = after(*history, in_zone(zone)).right
    assert (moved.window, moved.zone, moved.successor_id) == (window, zone, SUCCESSOR)
    assert given(*history, in_zone(zone))(in_zone(zone)) == given(*history)(in_zone(NEW_YORK)) == []
    assert after(grant(), reach(START), in_zone(zone), extend(MIDTERM)).right.window.ends_at == start_of_day(
        SECOND_TERM.ends_on, zone
    )


def test_news_of_another_zone_that_come_after_the_old_end_take_the_expiry_back():
    late = given(grant(), reach(GRACE_OVER))(in_zone("Pacific/Honolulu"))
    assert [type(event) for event in late] == [EntitlementHoldRemoved, EntitlementExtended, EntitlementReinstated]
