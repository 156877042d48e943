"""Other prices over what was billed: through the API, against the invoices that there are, and without a trace."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.integration.billing.room import Room
from tests.integration.billing.shop import DEPARTURES
from tests.support.house import Service

DEARER = {"model": "per_unit", "unit_amount": "40.00"}
ASKED: dict[str, Any] = {
    "plan": "gate-use",
    "prices": {"USD": {"departures": {"price": DEARER}}},
    "since": "2031-01",
    "until": "2031-03",
}
LATE = datetime(2031, 3, 12, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def room(billing: Service) -> Room:
    """Three months; January turned out to be less after it was billed."""
    room = Room(billing, "what-if")
    room.live_until("2031-02-01")
    room.live_until("2031-03-01")
    room.revise_usage(LATE, JFK=390)
    return room


def ask(room: Room, **changed: Any) -> Any:
    return room.client.post("/v1/what-if", json=ASKED | changed)


def test_before_is_what_the_documents_carry_and_after_what_the_new_price_makes(room: Room) -> None:
    answer = ask(room).json()
    (customer,), (total,) = answer["customers"], answer["totals"]
    carried = sum(i["subtotal_minor"] for i in room.invoices())
    credited = sum(n["amount_minor"] - n["tax_minor"] for i in room.invoices() for n in i["credit_notes"])
    assert customer["before_minor"] == total["before_minor"] == carried - credited
    charges = {charge["charge"]: charge for charge in customer["charges"]}
    assert charges["departures"]["after_minor"] == 390 * 4000 + 400 * 4000
    assert charges["platform_fee"]["difference_minor"] == 0
    assert customer["difference_minor"] == charges["departures"]["difference_minor"] == total["difference_minor"]
    assert (total["customers"], total["usage_periods"], total["untold_count"]) == (1, 2, 0)
    assert (customer["customer"], customer["currency"], customer["kept"], answer["next_cursor"]) == (
        "F9",
        "USD",
        [],
        None,
    )


def test_the_prices_that_the_plan_has_make_no_difference(room: Room) -> None:
    answer = ask(room, prices={"USD": {"departures": {"price": DEPARTURES["price"]}}}).json()
    assert [total["difference_minor"] for total in answer["totals"]] == [0]


def test_months_without_bills_come_to_nothing(room: Room) -> None:
    assert ask(room, since="2032-01", until="2032-02").json() == {"totals": [], "customers": [], "next_cursor": None}
    assert ask(room, customer="nobody").json()["customers"] == []


def test_a_price_that_needs_single_events_is_told_by_line(room: Room) -> None:
    by_event = {"model": "percentage", "percentage": {"rate": "0.1", "free_events": 3}}
    (customer,) = ask(room, prices={"USD": {"departures": {"price": by_event}}}).json()["customers"]
    assert customer["difference_minor"] == 0 and customer["untold_count"] == 2
    assert [(each["charge"], each["starts_on"]) for each in customer["untold"]] == [
        ("departures", "2031-01-01"),
        ("departures", "2031-02-01"),
    ]
    assert customer["untold"][0]["reason"].startswith("free_events needs")


def test_nothing_is_written(room: Room) -> None:
    def events() -> int:
        with room.engine.connect() as tx:
            return int(tx.exec_driver_sql("SELECT count(*) FROM events").scalar_one())

    before = events()
    assert ask(room).status_code == 200
    assert events() == before


@pytest.mark.parametrize(
    ("changed", "status", "field"),
    [
        ({"plan": "nothing"}, 404, "/plan"),
        ({"until": "2030-12"}, 422, "/until"),
        ({"until": "2099-12"}, 422, "/until"),
        ({"prices": {"USD": {"lounges": {"price": DEARER}}}}, 422, "/prices/USD/lounges"),
        ({"prices": {"USD": {"departures": {"price": {"model": "per_unit"}}}}}, 422, None),
        ({"cursor": "no cursor"}, 400, None),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(
    room: Room, changed: dict[str, Any], status: int, field: str | None
) -> None:
    answer = ask(room, **changed)
    assert answer.status_code == status, answer.text
    assert field is None or field in answer.text
