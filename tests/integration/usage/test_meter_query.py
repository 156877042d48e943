"""A meter asked for any range: it says what a plain fold of each window's events says, whatever the pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.usage.domain.measure import compile_meter
from services.usage.domain.meter_query import asked
from services.usage.domain.tally import GroupTotal, fold
from services.usage.domain.windows import Window, windows
from services.usage.projections.meter_query import MOST_READ, MeterQuestion, TooManyEvents, totals_of_windows
from tests.integration.usage.meter_room import START, Room, trip
from tests.integration.usage.metering_house import END, METERS, TERMS, House, corrected, event, retracted
from tests.integration.usage.metering_house import START as HOUSE_START
from tests.support.house import Service

hour = timedelta(hours=1)
OCTOBER = datetime(2026, 10, 24, 22, tzinfo=UTC)  # the day in Berlin on which clocks show two o'clock twice

moments = st.integers(-50, 24 * 33).map(lambda hours: HOUSE_START + hours * hour)
said = {
    "origin": st.sampled_from(["JFK", "LGA", None]),
    "miles": st.sampled_from([1, "2.5", -3, None, "far"]),
    "car": st.sampled_from(["N1", "N2", ""]),
}
names = st.integers(0, 15).map(str)
subjects = st.sampled_from(["acme", "sub-1", "globex"])
trips = st.builds(event, names, at=moments, subject=subjects, **said)
retractions = st.builds(retracted, st.integers(16, 20).map(str), names, subject=subjects)
corrections = st.builds(corrected, st.integers(21, 25).map(str), names, st.fixed_dictionaries(said), subject=subjects)
events = st.lists(st.one_of(trips, trips, trips, retractions, corrections), max_size=25)

Answer = dict[Window, tuple[GroupTotal, ...]]


def answered(house: House, question: MeterQuestion, limit: int, *, most_read: int = MOST_READ) -> Answer:
    found: Answer = {}
    start: datetime | None = question.windows.starts_at
    while start is not None:
        with house.engine.begin() as tx:
            page = totals_of_windows(tx, question, start, limit, most_read=most_read)
        assert len(page.windows) <= limit
        assert not found.keys() & {each.window for each in page.windows}
        found |= {each.window: each.totals for each in page.windows}
        start = page.next_start
    return found


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    events,
    st.sampled_from(["hour", "day", "month", None]),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata"]),
    st.integers(1, 40),
)
def test_every_window_agrees_with_a_fold_of_its_events_and_pages_change_nothing(engine, stream, size, zone_name, limit):
    house = House(engine, uuid4())
    house.define_meters()
    house.meter(*stream)
    cut = windows(HOUSE_START + 7 * hour / 4, END, size, zone_name)
    for slug, (definition, group_by) in METERS.items():
        question = MeterQuestion(house.tenant_id, asked(definition, group_by, {}), cut, TERMS.subjects)
        answer = answered(house, question, 500)
        counted = house.counted(slug, stream)
        meter = compile_meter(definition, group_by)
        folded = {w: fold(meter, w.starts_at, w.ends_at, counted) for w in cut.since(cut.starts_at)}
        assert answer == {window: totals for window, totals in folded.items() if totals}
        assert answered(house, question, limit * 30 if size == "hour" else limit) == answer


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events, st.sampled_from(["hour", "day", "month"]), st.sampled_from(["Europe/Berlin", "Asia/Kolkata"]))
def test_what_adds_up_comes_to_the_whole_over_any_windows(engine, stream, size, zone_name):
    house = House(engine, uuid4())
    house.meter(*stream)
    for slug in ("trips", "miles", "weighted_sum"):
        definition, group_by = METERS[slug]
        meter = asked(definition, group_by, {})
        whole, parts = (
            answered(house, MeterQuestion(house.tenant_id, meter, cut, TERMS.subjects), 500)
            for cut in (windows(HOUSE_START, END), windows(HOUSE_START, END, size, zone_name))
        )
        assert by_group(parts).keys() == by_group(whole).keys()
        for group, quantity in by_group(whole).items():
            # A weighted sum is divided, and rounded, once for each window.
            assert abs(by_group(parts)[group] - quantity) <= Decimal("1e-12") * len(parts)


def test_a_page_reads_no_more_than_its_share_and_never_splits_a_window(engine, tenant_id):
    house = House(engine, tenant_id)
    house.meter(*(event(str(n), at=HOUSE_START + n // 3 * hour, origin="JFK", miles=n) for n in range(12)))

    def question(slug: str, **filters: list[str]) -> MeterQuestion:
        definition, group_by = METERS[slug]
        meter, cut = asked(definition, group_by, filters), windows(HOUSE_START, END, "hour")
        return MeterQuestion(tenant_id, meter, cut, ["acme"])

    for slug in ("trips", "max", "weighted_sum"):
        whole = answered(house, question(slug), 500)
        assert (
            whole
            == answered(house, question(slug), 500, most_read=3)
            == answered(house, question(slug), 500, most_read=4)
        )
    with pytest.raises(TooManyEvents) as caught:
        answered(house, question("trips"), 500, most_read=2)
    assert caught.value.field == "/window"
    with house.engine.begin() as tx:
        page = totals_of_windows(tx, question("trips", origin=["LGA"]), HOUSE_START, 500, most_read=4)
    assert (page.windows, page.next_start) == ([], HOUSE_START + hour)


def by_group(answer: Answer) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for totals in answer.values():
        for total in totals:
            sums[total.group] = sums.get(total.group, Decimal(0)) + total.quantity
    return sums


@pytest.fixture
def room(usage: Service, tenant: str) -> Room:
    room = Room(usage, tenant)
    room.define_meters()
    return room


def ask(room: Room, meter: str = "trips", **query: Any) -> Any:
    wanted = {"from": START.isoformat(), "to": (START + 24 * hour).isoformat()}
    return room.client.get(f"/v1/meters/{meter}/query", params=wanted | query)


def rows(room: Room, meter: str = "trips", **query: Any) -> list[tuple[str, dict[str, str], str]]:
    answer = ask(room, meter, **query)
    assert answer.status_code == 200, answer.text
    return [(row["starts_at"], row["groups"], row["quantity"]) for row in answer.json()["items"]]


def test_an_hour_that_berlin_shows_twice_is_answered_twice(room):
    room.move(OCTOBER + 30 * hour)
    room.metered(*(trip(str(n), at=OCTOBER + n * hour / 2) for n in range(52)))
    berlin = {"from": OCTOBER.isoformat(), "to": (OCTOBER + 26 * hour).isoformat(), "tz": "Europe/Berlin"}
    assert rows(room, **berlin, window="hour")[2:4] == [
        ("2026-10-25T02:00:00+02:00", {}, "2"),
        ("2026-10-25T02:00:00+01:00", {}, "2"),
    ]
    assert rows(room, **berlin, window="day") == [
        ("2026-10-25T00:00:00+02:00", {}, "50"),
        ("2026-10-26T00:00:00+01:00", {}, "2"),
    ]
    assert rows(room, **berlin) == [("2026-10-25T00:00:00+02:00", {}, "52")]


def test_groups_subjects_and_filters(room):
    room.metered(
        trip("1", origin="JFK"),
        trip("2", origin="LGA"),
        trip("3", origin="LGA", subject="globex"),
        trip("4", subject="globex"),
    )
    assert [(groups, quantity) for _, groups, quantity in rows(room, group_by=["origin", "subject"])] == [
        ({"origin": "", "subject": "globex"}, "1"),
        ({"origin": "JFK", "subject": "acme"}, "1"),
        ({"origin": "LGA", "subject": "acme"}, "1"),
        ({"origin": "LGA", "subject": "globex"}, "1"),
    ]
    assert [row[1:] for row in rows(room, group_by="subject", filter="origin:LGA")] == [
        ({"subject": "acme"}, "1"),
        ({"subject": "globex"}, "1"),
    ]
    assert [row[1:] for row in rows(room, filter=["origin:JFK", "origin:"])] == [({}, "2")]
    assert [row[1:] for row in rows(room, subject="acme")] == [({}, "2")]
    assert [row[1:] for row in rows(room, subject=["acme", "globex"])] == [({}, "4")]
    assert rows(room, subject="nobody") == []


def test_a_level_from_before_the_range_fills_windows_without_events(room):
    seats = {"event_type": "seats", "aggregation": "weighted_sum", "value": "$.n", "unit": "seat"}
    hours = seats | {"conversion": {"unit": "seat hours", "divide_by": "3600"}}
    assert room.client.put("/v1/meters/seats", json=hours).status_code == 200
    room.metered(trip("1", at=START - 40 * hour, n=3) | {"type": "seats"})
    room.metered(trip("2", at=START + 90 * hour / 60, n="4.5") | {"type": "seats"})
    asked = {"window": "hour", "subject": "acme", "to": (START + 4 * hour).isoformat()}
    assert [quantity for _, _, quantity in rows(room, "seats", **asked)] == ["3", "3.75", "4.5", "4.5"]
    refused = ask(room, "seats")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/group_by")
    assert [row[1:] for row in rows(room, "seats", group_by="subject")] == [({"subject": "acme"}, "105.75")]


def test_a_cursor_goes_on_with_the_next_window(room):
    room.metered(*(trip(str(n), at=START + n % 5 * 3 * hour, origin=f"G{n}") for n in range(15)))
    first = ask(room, window="hour", group_by="origin", limit=2).json()
    assert len(first["items"]) == 6
    rest = ask(room, window="hour", group_by="origin", limit=3, cursor=first["next_cursor"]).json()
    assert first["items"] + rest["items"] == ask(room, window="hour", group_by="origin").json()["items"]
    assert rest["next_cursor"] is None
    assert ask(room, window="day", cursor=first["next_cursor"]).status_code == 400
    assert ask(room, cursor="Zm9v").status_code == 400


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"tz": "Europe/Bonn"}, "/tz"),
        ({"tz": "localtime"}, "/tz"),
        ({"group_by": "colour"}, "/group_by"),
        ({"filter": "colour:red"}, "/filter"),
        ({"to": START.isoformat()}, "/to"),
        ({"to": (START + 20_000 * hour).isoformat(), "window": "hour"}, "/window"),
        ({"window": "fortnight"}, "query:window"),
        ({"filter": "origin"}, "query:filter/0"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_its_field(room, query, pointer):
    refused = ask(room, **query)
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]


def test_nobody_asks_a_meter_that_is_not_there(room):
    assert ask(room, "nothing").status_code == 404
