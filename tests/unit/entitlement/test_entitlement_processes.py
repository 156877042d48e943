"""From messages and due dates to orders."""

from dataclasses import replace
from uuid import UUID

import pytest

from services.entitlement.domain.entitlement import ENTITLEMENT, entitlement_id
from services.entitlement.domain.entitlement.commands import AnnounceSuccessor, RemoveHold
from services.entitlement.processes.clock import due_instants, on_instant_reached
from services.entitlement.processes.granting import (
    on_non_renewal_requested,
    on_non_renewal_withdrawn,
    on_subscription_cancelled,
    on_subscription_created,
    on_subscription_term_ended,
    on_term_renewed,
    on_term_started,
)
from services.entitlement.processes.holding import on_dunning_cleared, on_dunning_step_reached
from shared.orders import Order
from tests.unit.entitlement.stories import (
    BEFORE,
    CUSTOMER,
    END,
    FIRST_TERM,
    GRACE_OVER,
    HOLDER,
    IN_GRACE,
    INVOICE,
    MIDTERM,
    NEW_YORK,
    SECOND_TERM,
    SOLD,
    START,
    SUBSCRIPTION,
    SUCCESSOR,
    WINDOW_OVER,
    cancel,
    events_of,
    extend,
    grant,
    owe,
    pay,
    reach,
    unpaid,
    withdraw,
)

stream = entitlement_id(SUBSCRIPTION)


def order(command) -> list[Order]:
    return [Order(ENTITLEMENT, stream, command)]


def test_a_subscription_grants_the_right_it_sells():
    orders = on_subscription_created(
        subscription_id=SUBSCRIPTION,
        customer_id=CUSTOMER,
        customer_key="VX",
        zone=NEW_YORK,
        sold=SOLD,
        term=FIRST_TERM,
        at=BEFORE,
    )
    assert orders == order(grant())


def renewed(at, to=SOLD) -> list[Order]:
    return on_term_renewed(subscription_id=SUBSCRIPTION, term=SECOND_TERM, starts_at=END, sold=to, at=at)


def told_of(orders, *before) -> list[str]:
    """What the right does, by the names of its events."""
    history = events_of(*before)
    for each in orders:
        history += ENTITLEMENT.decide(ENTITLEMENT.replay(history), each.command)
    return [type(event).__name__ for event in history[len(events_of(*before)) :]]


def test_a_renewed_term_extends():
    assert renewed(MIDTERM) == order(extend(MIDTERM))


def test_a_renewal_to_another_plan_changes_the_rights_when_its_term_starts():
    other = replace(SOLD, plan_code="lounges", features={"lounges": 9})
    started = on_term_started(subscription_id=SUBSCRIPTION, sold=other, starts_at=END)
    before = (grant(), reach(START), extend(MIDTERM))
    assert told_of(renewed(MIDTERM, other), grant(), reach(START)) == ["EntitlementExtended"]
    assert told_of(started, *before) == ["EntitlementAmended"]
    assert told_of([*started, *started], *before) == ["EntitlementAmended"]
    assert ENTITLEMENT.decide(ENTITLEMENT.replay(events_of(*before)), started[0].command)[0].at == END


def test_a_back_dated_renewal_changes_the_rights_at_once_and_one_to_the_same_plan_does_not():
    other = replace(SOLD, quantity=7)
    assert told_of(renewed(IN_GRACE, other), grant(), reach(START), reach(END)) == [
        "EntitlementExtended",
        "EntitlementAmended",
    ]
    assert told_of(renewed(IN_GRACE), grant(), reach(START), reach(END)) == ["EntitlementExtended"]
    assert told_of(on_term_started(subscription_id=SUBSCRIPTION, sold=SOLD, starts_at=START), grant()) == []


def test_a_non_renewal_names_the_entitlement_of_the_successor():
    orders = on_non_renewal_requested(subscription_id=SUBSCRIPTION, successor_subscription_id=UUID(int=3), at=MIDTERM)
    assert orders == order(AnnounceSuccessor(successor_id=SUCCESSOR, at=MIDTERM))


def test_a_non_renewal_without_successor_changes_nothing():
    assert on_non_renewal_requested(subscription_id=SUBSCRIPTION, successor_subscription_id=None, at=MIDTERM) == []


def test_the_end_of_a_subscription_is_told_in_its_own_words():
    assert on_non_renewal_withdrawn(subscription_id=SUBSCRIPTION, at=MIDTERM) == order(withdraw(MIDTERM))
    assert on_subscription_term_ended(subscription_id=SUBSCRIPTION, ended_at=END) == order(reach(END))
    assert on_subscription_cancelled(subscription_id=SUBSCRIPTION, at=MIDTERM) == order(cancel(MIDTERM))


def test_only_suspension_holds():
    orders = on_dunning_step_reached(
        holder=HOLDER, step="suspended", invoices=[INVOICE], message_id=UUID(int=8), at=MIDTERM
    )
    assert orders == order(owe())
    assert orders[0].command.cause == unpaid()


@pytest.mark.parametrize("step", ["reminded", "warned", "restricted"])
def test_a_lower_step_holds_nothing_and_frees(step):
    (each,) = on_dunning_step_reached(holder=HOLDER, step=step, invoices=[INVOICE], message_id=UUID(int=8), at=MIDTERM)
    assert isinstance(each.command, RemoveHold)


def test_cleared_dunning_frees():
    orders = on_dunning_cleared(holder=HOLDER, message_id=UUID(int=7), at=MIDTERM)
    assert orders == order(pay())


def test_a_grant_asks_to_be_told_of_every_instant_of_its_window():
    granted, *_ = events_of(grant())
    assert due_instants(granted) == (START, END, GRACE_OVER, WINDOW_OVER)
    assert on_instant_reached(entitlement_id=stream, fire_at=END) == order(reach(END))


def test_the_due_dates_carry_a_right_through_its_whole_life():
    granted, *_ = events_of(grant())
    timers = [reach(instant) for instant in due_instants(granted)]
    assert ENTITLEMENT.replay(events_of(grant(), *timers)).status == "terminated"


def test_what_sets_no_date_asks_for_nothing():
    assert [due_instants(event) for event in events_of(grant())[1:]] == [()]
    assert due_instants(events_of(grant(), reach(START), reach(END))[-1]) == (GRACE_OVER,)
