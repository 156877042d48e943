"""Who moves to a new version of a plan is told for each subscription, with its day and its reason."""

from __future__ import annotations

from typing import Any

from shared.ids import shown
from tests.integration.billing.room import Room
from tests.integration.billing.shop import DEPARTURES, FEE, PLAN
from tests.support.house import Service

DEARER = PLAN | {"prices": {"USD": [FEE | {"price": {"model": "per_unit", "unit_amount": "1600.00"}}, DEPARTURES]}}


def rehearsed(room: Room, **body: int) -> dict[str, Any]:
    answer = room.client.post("/v1/plans/gate-use/rehearsal", json=body)
    assert answer.status_code == 200, answer.text
    (item,) = answer.json()["items"]
    return dict(item)


def test_who_stays_and_who_moves_is_told_with_day_and_reason(billing: Service, tenant: str) -> None:
    room = Room(billing, tenant)
    path = f"/v1/subscriptions/{shown('sub', room.subscription_id)}"
    room.live_until("2031-01-10")
    assert rehearsed(room)["verdict"] == "on_it"

    assert room.client.put("/v1/plans/gate-use", json=DEARER).json()["version"] == 2
    item = rehearsed(room)
    assert (item["verdict"], item["version"], item["on"], item["earliest_on"]) == ("stays", 1, None, "2031-02-01")
    assert item["reason"].startswith("a renewal keeps the version")
    assert (item["before_minor"], item["after_minor"]) == (1_800_000, 1_920_000)
    assert rehearsed(room, version=1)["verdict"] == "on_it"

    change = {"effective": "date", "on": "2031-03-01", "plan": "gate-use", "plan_version": 2}
    assert room.client.post(f"{path}/amendments", json=change).status_code == 200
    item = rehearsed(room)
    assert (item["verdict"], item["on"], item["reason"]) == ("moves", "2031-03-01", "an amendment is agreed")
    assert item["after_minor"] == 1_920_000

    only_euro = PLAN | {"prices": {"EUR": [FEE, DEPARTURES]}, "minimums": {}}
    assert room.client.put("/v1/plans/gate-use", json=only_euro).json()["version"] == 3
    item = rehearsed(room)
    assert item["verdict"] == "stays" and "cannot be moved" in item["reason"] and item["after_minor"] is None

    ended = {"effective": "now", "reason": "moving"}
    assert room.client.post(f"{path}/cancellation", json=ended).status_code == 200
    assert (rehearsed(room)["verdict"], rehearsed(room)["reason"]) == ("over", "it is cancelled")
    assert room.client.post("/v1/plans/nothing/rehearsal").status_code == 404
