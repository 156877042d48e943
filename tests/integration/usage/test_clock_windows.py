"""Usage by the time of day, from the event to the closed period, and asked again."""

from __future__ import annotations

from datetime import timedelta

from shared.contracts.usage import UsagePeriodClosedV1
from tests.integration.usage.meter_room import END, METERS, START, Room, trip
from tests.support.house import Service

HOURS = {
    "group": "hours",
    "zone": "America/New_York",
    "windows": [{"name": "night", "starts": "22:00", "ends": "06:00", "days": []}],
    "otherwise": "day",
}
hour = timedelta(hours=1)


def test_a_period_is_told_by_the_time_of_day(usage: Service, tenant: str) -> None:
    room = Room(usage, tenant)
    put = room.client.put("/v1/meters/miles", json=METERS["miles"] | {"clock": HOURS})
    assert (put.status_code, put.json()["clock"]) == (200, HOURS)
    room.told_to_open("miles", group_by=["hours"])
    room.arrive()
    room.metered(*(trip(str(n), at=START + n * hour, miles=str(n + 1)) for n in (0, 5, 6, 21, 22)))
    assert room.quantities("miles") == {"day": "29", "night": "30"}
    asked = {"from": START.isoformat(), "to": END.isoformat(), "group_by": "hours"}
    told = room.client.get("/v1/meters/miles/query", params=asked)
    assert told.status_code == 200, told.text
    assert {row["groups"]["hours"]: row["quantity"] for row in told.json()["items"]} == {"day": "29", "night": "30"}
    night = room.client.get("/v1/meters/miles/query", params=asked | {"group_by": [], "filter": "hours:night"})
    assert [row["quantity"] for row in night.json()["items"]] == ["30"]
    recount = room.client.post(f"{room.path('miles')}/recount")
    assert recount.json()["equal"] is True
    room.move(END + hour)
    room.arrive()
    [closed] = room.told("closed", "miles")
    assert {total.group: str(total.quantity) for total in closed.read(UsagePeriodClosedV1).totals} == {
        "day": "29",
        "night": "30",
    }
