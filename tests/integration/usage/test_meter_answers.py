"""Who is active, who uses most, whether it grows, how much was held at once: by hand, over HTTP."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.usage.domain.concurrency import Peak, peak
from services.usage.domain.meter import MeterDefinition
from services.usage.domain.meter_query import asked, sent
from tests.integration.usage.meter_room import END, START, Room, trip
from tests.support.house import Service

hour, day = timedelta(hours=1), timedelta(days=1)
SEATS = {"event_type": "seats", "aggregation": "weighted_sum", "value": "$.n", "unit": "seat", "group_by": {"t": "$.t"}}


@pytest.fixture
def room(usage: Service, tenant: str) -> Room:
    room = Room(usage, tenant)
    room.define_meters()
    assert room.client.put("/v1/meters/seats", json=SEATS).status_code == 200
    room.move(END)
    return room


def ask(room: Room, meter: str, what: str, **query: Any) -> Any:
    bounds = {} if what == "trend" else {"from": START.isoformat(), "to": END.isoformat()}
    return room.client.get(f"/v1/meters/{meter}/{what}", params=bounds | query)


def answer(room: Room, meter: str, what: str, **query: Any) -> Any:
    asked = ask(room, meter, what, **query)
    assert asked.status_code == 200, asked.text
    return asked.json()


def seats(id_: str, at: datetime, n: object, subject: str = "acme", team: str = "a") -> dict[str, Any]:
    return trip(id_, at=at, subject=subject, n=n, t=team) | {"type": "seats"}


def adopted(room: Room, meter: str = "trips", **query: Any) -> list[tuple[str, int, int, int]]:
    items = answer(room, meter, "adoption", **query)["items"]
    return [(item["starts_at"], item["active"], item["new"], item["returning"]) for item in items]


def test_active_subjects_are_new_once(room):
    room.metered(
        trip("0", at=START - 9 * day, subject="initech", miles=1),
        trip("1", at=START, subject="acme", miles=1),
        trip("2", at=START + hour, subject="initech", miles=1),
        trip("3", at=START + 2 * day, subject="acme"),
        trip("4", at=START + 2 * day, subject="globex", miles=2),
        trip("5", at=START + 2 * day + hour, subject="globex", miles=2),
    )
    york = {"window": "day", "tz": "America/New_York"}
    days = [("2013-01-01T00:00:00-05:00", 2, 1, 1), ("2013-01-03T00:00:00-05:00", 2, 1, 1)]
    assert adopted(room, **york) == days
    assert adopted(room, tz="America/New_York") == [("2013-01-01T00:00:00-05:00", 3, 2, 1)]
    assert adopted(room, "miles", **york)[1] == ("2013-01-03T00:00:00-05:00", 1, 1, 0)
    first = answer(room, "trips", "adoption", **york, limit=1)
    assert len(first["items"]) == 1
    assert adopted(room, **york, limit=1, cursor=first["next_cursor"]) == days[1:]


def test_what_the_meter_did_not_count_makes_nobody_known(room):
    room.metered(
        trip("0", at=START - 9 * day, miles="far"),
        trip("1", at=START - 8 * day, subject="globex"),
        trip("2", at=START - 7 * day, subject="globex", miles=1),
        trip("3", miles=1),
        trip("4", subject="globex", miles=1),
    )
    assert [row[1:] for row in adopted(room, "miles")] == [(2, 1, 1)]
    assert [row[1:] for row in adopted(room, "trips")] == [(2, 0, 2)]


def test_the_greatest_users_come_first(room):
    room.metered(
        trip("1", subject="b", miles=2, origin="JFK"),
        trip("2", subject="a", miles="7.5", origin="LGA"),
        trip("3", subject="c", miles=2, origin="JFK"),
        trip("4", at=END, subject="c", miles=100),
    )
    top = answer(room, "miles", "top")
    assert [(item["name"], item["quantity"]) for item in top["items"]] == [("a", "7.5"), ("b", "2"), ("c", "2")]
    assert (top["by"], top["unit"]) == ("subject", "mile")
    [best] = answer(room, "trips", "top", by="origin", limit=1)["items"]
    assert best == {"name": "JFK", "quantity": "2", "count": 2}
    refused = ask(room, "miles", "top", by="colour")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/by")


def test_a_trend_compares_thirty_days_with_the_ninety_before(room):
    at = END - day
    room.metered(
        trip("1", at=at, miles=1000),
        trip("2", at=at - 30 * day, miles=60),
        trip("3", at=at - 30 * day - hour, miles=30),
        trip("4", at=at - 120 * day, miles=60),
        trip("5", at=at - 120 * day - hour, miles=1000),
        trip("6", at=at - hour, subject="globex", miles=15),
    )
    expected = {"recent_per_day": "2.5", "before_per_day": "1", "ratio": "2.5", "unit": "mile"}
    assert answer(room, "miles", "trend", at=at.isoformat()).items() >= expected.items()
    told = answer(room, "miles", "trend", at=at.isoformat(), subject="globex")
    assert (told["recent_per_day"], told["before_per_day"], told["ratio"]) == ("0.5", "0", None)
    assert datetime.fromisoformat(answer(room, "miles", "trend")["at"]) >= END
    refused = ask(room, "cars", "trend")
    assert (refused.status_code, refused.json()["title"]) == (422, "adds_nothing_up")


def test_the_peak_is_the_greatest_sum_over_subjects_and_groups(room):
    room.metered(
        seats("0", START - 9 * day, 5),
        seats("1", START + hour, 4, team="b"),
        seats("2", START + 2 * hour, "2.5", subject="globex"),
        seats("3", START + 3 * hour, 0),
        seats("4", START + 4 * hour, 5),
        seats("5", END, 99),
    )
    assert answer(room, "seats", "concurrency", tz="America/New_York") == {
        "peak": "11.5",
        "reached_at": "2013-01-01T02:00:00-05:00",
        "unit": "seat",
    }
    assert answer(room, "seats", "concurrency", subject="nobody") == {"peak": None, "reached_at": None, "unit": "seat"}
    assert answer(room, "seats", "concurrency", filter="t:b")["peak"] == "4"
    later = answer(room, "seats", "concurrency", **{"from": (START + 100 * hour).isoformat()})
    assert (later["peak"], later["reached_at"]) == ("11.5", "2013-01-05T09:00:00Z")
    refused = ask(room, "miles", "concurrency")
    assert (refused.status_code, refused.json()["title"]) == (422, "no_levels")


LEVELS = MeterDefinition(event_type="seats", aggregation="latest", value_path="$.n", group_by={"t": "$.t"})
changes = st.lists(st.tuples(st.integers(0, 9), st.sampled_from("ab"), st.sampled_from("xy"), st.integers(-5, 5)))


@given(changes)
def test_a_peak_is_the_greatest_of_the_sums_of_last_levels(stream):
    """Counted anew at every instant, from all that was said up to it."""
    stream = sorted(stream, key=lambda change: change[0])
    events = [(key, START + at * hour, sent(who, {"n": n, "t": t})) for key, (at, who, t, n) in enumerate(stream)]
    sums = {}
    for at in sorted({at for at, *_ in stream}):
        last = {(who, t): n for then, who, t, n in stream if then <= at}
        sums[START + at * hour] = Decimal(sum(last.values()))
    found = peak(asked(LEVELS, ["subject", "t"], {}), START, events, {})
    highest = max(sums.values(), default=None)
    first = next((at for at, total in sums.items() if total == highest), None)
    assert found == (None if highest is None else Peak(highest, first))
