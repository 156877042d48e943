"""What-if from rows and from the log: the same to the minor unit, and from the log wherever rows do not say everything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

import pytest

from services.billing.domain.invoice.amounts import is_apart
from services.billing.domain.price_list import NewPrice, PriceList
from services.billing.domain.subscription.state import Subscription
from services.billing.processes.what_if import Compared, Comparison
from services.billing.projections.catalogue import plans
from services.billing.projections.invoices import billed_history
from shared.causes import Cause
from shared.clock import real_now
from shared.periods import Days
from shared.unit_of_work import Session, UnitOfWork
from tests.integration.billing.room import Room
from tests.integration.billing.shop import CUSTOMER, Shop
from tests.integration.billing.test_what_if import LATE, ask
from tests.support.house import Service, settle
from tests.support.moving_clock import move_clock
from tests.unit.billing.prices import per_unit

DAYS = Days(date(2031, 1, 1), date(2031, 4, 1))


def in_log(_: Subscription) -> bool:
    return False


@pytest.fixture(scope="module")
def room(billing: Service) -> Room:
    """Without a minimum, amended in January; January turned out to be less after it was billed, and February's is a draft."""
    room = Room(billing, "what-if-rows", minimums={}, review_days=9)
    room.live_until("2031-01-15")
    path = f"/v1/subscriptions/{room.client.get('/v1/subscriptions').json()['items'][0]['subscription_id']}"
    assert room.client.post(f"{path}/amendments", json={"effective": "now", "quantity": 2}).status_code == 200
    room.live_until("2031-02-01")
    room.live_until("2031-02-20")
    room.live_until("2031-03-01")
    room.revise_usage(LATE, JFK=390)
    return room


@contextmanager
def unit_of(room: Room) -> Iterator[UnitOfWork]:
    """Nothing of it stays."""
    with room.engine.connect() as tx:
        cause = Cause(room.tenant_id, real_now(), real_now(), {})
        yield UnitOfWork(Session(tx, room.inbox.store), cause)
        tx.rollback()


def told(unit: UnitOfWork, is_apart: Callable[[Subscription], bool] = is_apart) -> tuple[dict[str, int], int, bool]:
    """What January to March come to before and after by charge, the periods, and whether it was told from rows."""
    versions = plans.versions(unit, "gate-use", field="/plan")
    new = {"USD": {"departures": NewPrice(price=per_unit("40"))}}
    found, comparison = Compared(), Comparison(PriceList(plan="gate-use", prices=new, versions=versions))
    histories = list(billed_history.of_plan(unit, "gate-use", DAYS, is_apart))
    for history in histories:
        if history.items is not None:
            comparison.add_items(found, history.subscription, history.items)
        else:
            comparison.add(found, history.subscription, history.bills, history.usage, history.edits)
    after = {f"{charge} after": minor for charge, minor in found.after.items()}
    return dict(found.before) | after, found.periods, all(history.items is not None for history in histories)


def test_rows_and_log_say_the_same(room: Room) -> None:
    with unit_of(room) as unit:
        by_rows, by_log = told(unit), told(unit, in_log)
    assert by_rows[:2] == by_log[:2]
    assert (by_rows[1:], by_log[1:]) == ((2, True), (2, False))
    assert by_rows[0]["departures after"] == (390 + 400) * 4000
    (customer,) = ask(room).json()["customers"]
    assert customer["after_minor"] == sum(minor for name, minor in by_rows[0].items() if name.endswith("after"))


@pytest.mark.parametrize(
    "as_before",
    [
        "UPDATE contract_bills SET flat = NULL, one_offs = NULL, billing_on = NULL",
        "UPDATE usage_periods SET totals = NULL",
        "UPDATE usage_periods SET term_number = NULL, amendment = NULL",
    ],
)
def test_what_the_release_before_has_written_is_told_from_the_log(room: Room, as_before: str) -> None:
    with unit_of(room) as unit:
        expected = told(unit)
        unit.tx.exec_driver_sql(f"{as_before} WHERE tenant_id = %(tenant)s", {"tenant": room.tenant_id})
        found = told(unit)
    assert found == (*expected[:2], False)


@pytest.mark.parametrize("status", ["voided", "discarded"])
def test_what_was_given_up_counts_in_neither(room: Room, status: str) -> None:
    february = {"tenant": room.tenant_id, "id": Room.uuid(room.one(issued_on=None)["invoice_id"])}
    given_up = f"UPDATE invoices SET status = '{status}' WHERE tenant_id = %(tenant)s AND invoice_id = %(id)s"
    with unit_of(room) as unit:
        unit.tx.exec_driver_sql(given_up, february)
        by_rows, by_log = told(unit), told(unit, in_log)
    assert by_rows == (by_log[0], 1, True) and by_log[1] == 1


def test_a_bill_that_waits_counts_in_neither(billing: Service) -> None:
    """February has ended, and its usage is not closed."""
    room = Room(billing, "what-if-waiting", minimums={})
    room.live_until("2031-02-01")
    move_clock(billing, room.client, datetime(2031, 3, 2, tzinfo=UTC))
    with unit_of(room) as unit:
        by_rows, by_log = told(unit), told(unit, in_log)
    assert by_rows == (by_log[0], 1, True) and by_log[1] == 1


def test_contracts_that_share_an_invoice_have_their_own_items(billing: Service) -> None:
    room = Room(billing, "what-if-together", minimums={})
    together = CUSTOMER | {"invoicing": {"mode": "consolidated", "effective_on": "2031-01-01"}}
    assert room.client.put("/v1/customers/F9", json=together).status_code == 200
    shop = Shop(billing, room.tenant)
    shop.accept(shop.send(shop.draft()["quote_id"])["acceptance_token"])
    settle([billing])
    for each in room.client.get("/v1/subscriptions").json()["items"]:
        room.subscription_id = Room.uuid(each["subscription_id"])
        room.live_until("2031-02-01")
    room.live_until("2031-02-02")
    assert len(room.one(issued_on="2031-02-01")["subscriptions"]) == 2
    with unit_of(room) as unit:
        by_rows, by_log = told(unit), told(unit, in_log)
    assert by_rows == (by_log[0], 2, True) and by_log[1] == 2
    assert by_rows[0]["departures after"] == 2 * 400 * 4000


def test_a_draft_that_people_changed_is_told_from_the_log_and_what_was_voided_by_nobody(room: Room) -> None:
    draft = room.one(status="draft", kind="regular")
    with unit_of(room) as unit:
        before = told(unit)
    number = next(line["number"] for line in draft["lines"] if line["kind"] == "flat")
    change = {"by_minor": -500, "reason": "goodwill"}
    path = f"/v1/invoices/{draft['invoice_id']}"
    assert room.client.post(f"{path}/lines/{number}/adjust", json=change).status_code == 200
    with unit_of(room) as unit:
        edited = told(unit)
    assert sum(edited[0].values()) == sum(before[0].values()) - 2 * 500 and not edited[2]
    assert room.client.post(f"{path}/issue").status_code == 200
    assert room.client.post(f"{path}/void", json={"reason": "a mistake"}).status_code == 200
    with unit_of(room) as unit:
        voided, in_rows = told(unit, in_log), told(unit)
    assert voided[:2] == in_rows[:2] and voided[1] == 1
