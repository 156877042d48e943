"""Orders across services that must all end the same: each is forced through the real inboxes, stores and timers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from tests.simulation import acts, paying
from tests.simulation.director import SECOND, Director
from tests.simulation.invariants import broken
from tests.simulation.outcome import differences, outcome
from tests.simulation.world import World

END = datetime(2031, 2, 6, tzinfo=UTC)
IN_GRACE, AFTER_GRACE, AFTER_WINDOW = (END + timedelta(days=days) for days in (2, 8, 20))
NUMBERS = count(1)
# Where the news of a renewal may be stuck on its way from billing to renewals, back, and on to entitlement.
STUCK = (
    ("renewals", "billing.quotes"),
    ("billing", "renewals.opportunities"),
    ("entitlement", "billing.subscriptions"),
)


@pytest.fixture
def director(simulated: World) -> Director:
    return Director(simulated).open(f"ordering-{next(NUMBERS)}")


def another(director: Director) -> Director:
    """The same beginning, for the same story in another order."""
    return Director(director.world).open(f"ordering-{next(NUMBERS)}")


@pytest.mark.parametrize("stuck", STUCK, ids="/".join)
@pytest.mark.parametrize("until", [IN_GRACE, AFTER_GRACE, AFTER_WINDOW], ids=["grace", "expired", "over"])
def test_a_renewal_accepted_in_the_last_second_counts_however_late_it_is_heard(
    director: Director, stuck: tuple[str, str], until: datetime
) -> None:
    """Row 1. Access comes back with the news, and each charge is invoiced once."""

    def tell(director: Director, *held: tuple[str, str]) -> None:
        director.sell()
        director.do(paying.pay("first", "acme"))
        director.clock(END - SECOND)
        with director.holding(*held):
            director.do(acts.renew("acme"))
            director.clock(until)

    tell(director)
    in_time = outcome(director.world)
    late = another(director)
    tell(late, stuck)
    assert late.right()[0] == "active"
    assert differences(in_time, outcome(late.world)) == []
    assert late.rows("billing", _FEES) == [("1", 1), ("2", 1)]
    assert broken(late.world) == []


_FEES = """
SELECT l->>'term_number', count(*) FROM invoices i CROSS JOIN jsonb_array_elements(i.document->'lines') l
WHERE l->>'charge' = 'fee' GROUP BY 1 ORDER BY 1"""


def test_the_end_of_a_term_heard_twice_places_one_hold_and_leaves_one_opportunity(director: Director) -> None:
    """Row 2."""
    director.sell()
    director.do(paying.pay("first", "acme"))
    director.clock(AFTER_GRACE)
    for service in ("entitlement", "renewals", "billing"):
        director.again(service)
    assert director.right() == ("expired", ["expiry"])
    assert director.count("entitlement", "entitlement_hold_placed") == 1
    assert director.rows("renewals", "SELECT state FROM opportunities") == ["open"]
    assert broken(director.world) == []


@pytest.mark.parametrize("until", [AFTER_GRACE, AFTER_WINDOW], ids=["open", "lost"])
def test_a_pause_that_makes_a_term_longer_postpones_its_renewal_however_late_it_is_heard(
    director: Director, until: datetime
) -> None:
    """Also where the clock of renewals has taken silence for a loss meanwhile."""

    def tell(director: Director, *held: tuple[str, str]) -> None:
        director.sell()
        director.do(paying.pay("first", "acme"))
        director.clock("2031-01-20")
        with director.holding(*held):
            pause = {"until": "2031-01-30", "extend": True, "reason": "holidays"}
            director.do(_say("pause", pause))
            director.clock(until)
        director.clock("2031-03-20")

    tell(director)
    in_time = outcome(director.world)
    late = another(director)
    tell(late, ("renewals", "billing.subscriptions"))
    assert differences(in_time, outcome(late.world)) == []
    assert late.rows("renewals", "SELECT state, due_on::text FROM opportunities") == [("lost", "2031-02-15")]
    assert broken(late.world) == []


def _say(command: str, body: dict[str, Any]) -> acts.Act:
    def act(world: World) -> Iterator[bool]:
        (found,) = world.items("billing", "/v1/subscriptions")
        yield True
        world.call("billing", "POST", f"/v1/subscriptions/{found['subscription_id']}/{command}", body)

    return act


SUSPENDED = datetime(2031, 1, 31, tzinfo=UTC)


def test_a_payment_while_the_hold_is_being_placed_leaves_no_hold(director: Director) -> None:
    """Row 3: step and clearing are one stream, in order."""
    director.sell()
    with director.holding(("entitlement", "billing.dunning")):
        director.clock(SUSPENDED)
        director.do(paying.pay("debt", "acme"))
        assert director.rows("billing", "SELECT step FROM dunning") == ["clear"]
    assert director.right() == ("active", [])
    assert broken(director.world) == []


def test_a_payment_leaves_the_hold_of_the_expired_term(director: Director) -> None:
    """Row 4."""
    director.sell()
    director.clock(AFTER_GRACE)
    assert director.right() == ("expired", ["dunning", "expiry"])
    director.do(paying.pay("debt", "acme"))
    assert director.right() == ("expired", ["expiry"])


def test_a_chargeback_places_the_hold_again_that_its_payment_had_lifted(director: Director) -> None:
    director.sell()
    director.clock(SUSPENDED)
    director.do(paying.pay("debt", "acme"))
    assert director.right() == ("active", [])
    director.do(paying.charge_back("acme"))
    assert director.rows("billing", "SELECT step FROM dunning") == ["suspended"]
    assert director.right() == ("suspended", ["dunning"])
    director.do(paying.pay("again", "acme"))
    assert director.right() == ("active", [])
    assert broken(director.world) == []


def test_a_payment_heard_after_the_next_debt_has_aged_leaves_that_debts_hold(director: Director) -> None:
    """The second debt reached its steps while the first stood higher: nobody heard of them."""

    director.sell(months=2)
    director.clock("2031-02-08")
    with director.holding(("billing", "billing.invoices")):
        first = director.world.items("billing", "/v1/invoices", status="issued")
        oldest = min(first, key=lambda invoice: str(invoice["issued_on"]))
        payment = {"invoice": oldest["number"], "amount_minor": oldest["open_minor"], "currency": "EUR"}
        director.world.call("billing", "POST", "/v1/payments", payment)
        director.clock("2031-03-05")
    assert director.rows("billing", "SELECT step FROM dunning") == ["suspended"]
    assert director.right() == ("suspended", ["dunning"])
    assert broken(director.world) == []


def test_a_quote_that_was_changed_after_it_was_sent_cannot_be_accepted(director: Director) -> None:
    """Row 6: the refusal says so, and the new version can be."""
    director.do(acts.join("acme", "UTC"))
    call = director.world.call
    lines = [{"plan": "team", "starts_on": "2031-01-10"}]
    path = "/v1/quotes/" + call("billing", "POST", "/v1/quotes", {"customer": "acme", "lines": lines})["quote_id"]
    tokens = []
    for version in (1, 2):
        call("billing", "POST", f"{path}/submit")
        tokens.append(call("billing", "POST", f"{path}/send")["acceptance_token"])
        if version == 1:
            call("billing", "POST", f"{path}/revise", {"lines": [lines[0] | {"quantity": 2}]})
    too_late = {"token": tokens[0], "name": "Ann"}
    stale = director.world.answer(director.world.request("billing", "POST", "/v1/quote-acceptances", too_late))
    assert stale.status_code == 409, stale.text
    assert call("billing", "POST", "/v1/quote-acceptances", {"token": tokens[1], "name": "Ann"})["quote_version"] == 2


@pytest.mark.parametrize(
    ("zone", "accepted_at", "fees"),
    [
        ("America/New_York", datetime(2031, 2, 11, 4, 30, tzinfo=UTC), 0),  # 23:30 on the last day of grace there
        ("Pacific/Auckland", datetime(2031, 2, 10, 12, 0, tzinfo=UTC), 1),  # one in the morning of the day after
    ],
)
@pytest.mark.parametrize("stuck", STUCK, ids="/".join)
def test_the_fee_of_coming_back_late_is_decided_in_the_zone_of_the_contract(
    director: Director, zone: str, accepted_at: datetime, fees: int, stuck: tuple[str, str]
) -> None:
    """Row 8, however late it is heard."""
    director.sell(zone=zone)
    director.clock(accepted_at)
    with director.holding(stuck):
        director.do(acts.renew("acme"))
        director.clock(accepted_at + timedelta(days=4))
    assert director.count("billing", "reinstatement_fee_assessed") == fees
    assert director.right()[0] in ("active", "suspended")
    assert broken(director.world) == []


def test_what_is_read_again_from_the_beginning_of_a_new_broker_changes_nothing(director: Director) -> None:
    """Row 9: everything is published once more, and skipped by everybody."""
    director.sell()
    director.clock(END - SECOND)
    director.do(acts.renew("acme"))
    director.clock(AFTER_GRACE)
    before, events = outcome(director.world), _events(director)
    director.world.log.begin_anew()
    for room in director.world.rooms.values():
        room.start()
    for service in director.world.rooms:
        director.again(service)
    assert any(director.world.log.entries.values())
    assert (outcome(director.world), _events(director)) == (before, events)
    assert broken(director.world) == []


def _events(director: Director) -> list[int]:
    return [director.rows(service, "SELECT count(*) FROM events")[0] for service in director.world.rooms]


def test_a_successor_named_before_the_end_is_known_however_late_it_is_heard(director: Director) -> None:
    for stuck in (("billing", "renewals.opportunities"), ("entitlement", "billing.subscriptions")):
        late = another(director)
        late.sell()
        late.sell("next", "Asia/Tokyo", "2031-02-06", 2)
        late.clock(END - SECOND)
        with late.holding(stuck):
            late.do(acts.migrate("acme", "next"))
            late.clock(AFTER_WINDOW)
        assert late.rows("entitlement", _ENDING) == ["migrated"]
        assert late.right() == ("terminated", ["dunning"])
        assert broken(late.world) == []


_ENDING = "SELECT entitlement->>'ending' FROM entitlements WHERE customer_key = 'acme'"
