"""Hours that are rolled up answer what the events would, whatever came, in any order, and however far a take-over is."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine

from services.usage.domain.aggregation import ROLLED
from services.usage.domain.measure import name_of
from services.usage.domain.meter import MeterDefinition, MeterRevised
from services.usage.domain.meter_query import asked
from services.usage.domain.tally import GroupTotal
from services.usage.domain.windows import Window, Windows, windows
from services.usage.metering.rollup_taking import TakingOver
from services.usage.projections import meter_query, meters
from services.usage.projections.meter_query import MOST_READ, MeterQuestion, TooManyEvents
from services.usage.projections.meters import MeterVersion
from services.usage.projections.rolled_hours import RolledQuestion, totals_of_windows
from tests.integration.usage.meter_room import START as ROOM_START
from tests.integration.usage.meter_room import Room, trip
from tests.integration.usage.metering_house import END, METERS, MILES, START, House, corrected, event, retracted
from tests.integration.usage.test_backfill_splits import committed, previewed, staged
from tests.support.house import Service

hour, minute = timedelta(hours=1), timedelta(minutes=1)
SUBJECTS = ["acme", "sub-1"]
TWO_GROUPS = replace(MILES, group_by={"origin": "$.origin", "car": "$.car"})
ROLLED_METERS = {slug: meter for slug, (meter, _) in METERS.items() if meter.aggregation in ROLLED} | {
    "two": TWO_GROUPS
}

# Some hours before midnight in New York, in which most of it meets.
moments = st.integers(-30, 60 * 7).map(lambda minutes: START + minutes * minute)
said = {
    "origin": st.sampled_from(["JFK", "LGA", 'L"G\\A,{}', None]),
    "miles": st.sampled_from([1, "2.5", -3, None, "far"]),
    "car": st.sampled_from(["N1", "NULL", ""]),
}
names = st.integers(0, 7).map(str)
subjects = st.sampled_from(["acme", "acme", "acme", "acme", "sub-1", "globex"])
trips = st.builds(event, names, at=moments, subject=subjects, **said)
retractions = st.builds(retracted, st.integers(16, 20).map(str), names, subject=subjects)
corrections = st.builds(corrected, st.integers(21, 25).map(str), names, st.fixed_dictionaries(said), subject=subjects)
streams = st.lists(st.one_of(trips, trips, trips, retractions, corrections), min_size=1, max_size=25)
cuts = st.builds(
    lambda first, length, size, zone: windows(START + first * minute, START + (first + length) * minute, size, zone),
    st.integers(-60, 90) | st.sampled_from([-60, 0, 60]),
    st.integers(1, 60 * 8) | st.sampled_from([60, 120, 480, 2880]),
    st.sampled_from(["hour", "day", "month", None]),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]),
)

Answer = dict[Window, tuple[GroupTotal, ...]]


class RolledHouse(House):
    def define_meters(self) -> None:
        super().define_meters()
        with self.engine.begin() as tx:
            self.revise(tx, "two", 1, TWO_GROUPS)

    def revise(self, tx: Connection, slug: str, version: int, definition: MeterDefinition) -> None:
        revised = MeterRevised(meter_id=uuid4(), slug=slug, version=version, definition=definition)
        meters.project(tx, [self._recorded(uuid4(), revised)])

    def definition(self, slug: str) -> MeterDefinition:
        return TWO_GROUPS if slug == "two" else METERS[slug][0]

    def question(self, slug: str, cut: Windows, group_by: Sequence[str] = (), **filters: list[str]) -> RolledQuestion:
        definition = self.definition(slug)
        question = MeterQuestion(self.tenant_id, asked(definition, group_by, filters), cut, SUBJECTS)
        return RolledQuestion(question, MeterVersion(slug, 1, definition), group_by, filters)

    def rolled(self, question: RolledQuestion, limit: int = 500, most_read: int = MOST_READ) -> tuple[Answer, set[str]]:
        found: Answer = {}
        sources: set[str] = set()
        start: datetime | None = question.question.windows.starts_at
        while start is not None:
            with self.engine.begin() as tx:
                page, source = totals_of_windows(tx, question, start, limit, most_read=most_read)
            assert len(page.windows) <= limit
            assert not found.keys() & {each.window for each in page.windows}
            found |= {each.window: each.totals for each in page.windows}
            sources.add(source)
            start = page.next_start
        return found, sources

    def counted_from_events(self, question: RolledQuestion) -> Answer:
        asked_for = question.question
        with self.engine.begin() as tx:
            page = meter_query.totals_of_windows(tx, asked_for, asked_for.windows.starts_at, 10_000)
        return {each.window: each.totals for each in page.windows}


def take_everything_over(engine: Engine) -> None:
    taking = TakingOver(engine)
    while taking.step():
        pass


@pytest.fixture
def house(engine: Engine, tenant_id: UUID) -> RolledHouse:
    house = RolledHouse(engine, tenant_id)
    house.define_meters()
    return house


def is_of_hours(cut: Windows) -> bool:
    return all(window.starts_at.minute == 0 for window in cut.since(cut.starts_at) if window.starts_at != cut.starts_at)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(streams, cuts, st.data())
def test_what_is_rolled_up_says_what_the_events_do(engine, stream, cut, data):
    take_everything_over(engine)
    house = RolledHouse(engine, uuid4())
    defined = data.draw(st.integers(0, len(stream)), label="meters are defined after")
    taking, at = TakingOver(engine, page=data.draw(st.integers(1, 4), label="page")), 0
    while at < len(stream) or defined is not None:
        if defined is not None and defined <= at:
            house.define_meters()
            defined = None
        size = data.draw(st.integers(1, 6), label="batch")
        again = data.draw(st.integers(0, at), label="sent again from")
        house.meter(*stream[again : at + size])
        at += size
        for _ in range(data.draw(st.integers(0, 3), label="pages taken over")):
            taking.step()
    take_everything_over(engine)
    group_by = data.draw(st.sampled_from([[], ["origin"], ["subject"], ["subject", "origin"]]), label="groups")
    filters = data.draw(st.sampled_from([{}, {"origin": ["JFK", ""]}]), label="filters")
    for slug, definition in ROLLED_METERS.items():
        named = [name for name in group_by if name == "subject" or name in definition.group_by]
        of_groups = {name: values for name, values in filters.items() if name in definition.group_by}
        question = house.question(slug, cut, named, **of_groups)
        expected = house.counted_from_events(question)
        assert house.rolled(question) == (expected, {"rollups" if is_of_hours(cut) else "events"})
        assert house.rolled(question, data.draw(st.integers(1, 5), label="limit"))[0] == expected


def test_a_correction_of_what_is_not_taken_over_yet_counts_once(engine, tenant_id):
    take_everything_over(engine)
    house, taking = RolledHouse(engine, tenant_id), TakingOver(engine, page=1)
    house.meter(*(event(str(n), at=START + n * minute, origin="JFK", miles=1, car="N1") for n in range(4)))
    house.define_meters()
    for step in range(1, 4):  # the first one begins
        taking.step()
        house.meter(corrected(f"c{step}", str(step), {"origin": "JFK", "miles": 10 * step, "car": "N1"}))
    take_everything_over(engine)
    question = house.question("miles", windows(START, END, "hour"))
    assert house.rolled(question) == (house.counted_from_events(question), {"rollups"})


@pytest.mark.parametrize("group_by", [["origin"], ["car"], ["subject", "origin"], ["car", "origin"]])
def test_values_too_long_to_stand_together_have_one_name_in_hours_and_events(house, engine, group_by):
    long = "\U0001f6eb" * 250
    house.meter(event("1", origin=long, car=long, miles=1), event("2", origin=long, car="N1", miles=2))
    house.meter(event("3", origin="JFK", car=long, miles=4))
    take_everything_over(engine)
    filters: tuple[dict[str, list[str]], ...] = ({}, {"origin": [long]}, {"car": [name_of(long, 0), "N2"]})
    for filter_ in filters:
        question = house.question("two", windows(START, END), group_by, **filter_)
        expected = house.counted_from_events(question)
        assert house.rolled(question) == (expected, {"rollups"})
        assert sum(each.count for totals in expected.values() for each in totals) == 3 - len(filter_)


def test_of_groups_that_are_asked_for_together_the_latest_value_is_that_of_the_latest_event(house, engine):
    values = (("JFK", 1), ("LGA", 2), ("JFK", 3), ("EWR", 4), ("LGA", 5))
    house.meter(*(event(str(n), at=START + n * hour, origin=origin, miles=n) for origin, n in values))
    take_everything_over(engine)
    for slug in ("latest", "min", "max", "avg", "two"):
        question = house.question(slug, windows(START, END, "day"))
        assert house.rolled(question) == (house.counted_from_events(question), {"rollups"}), slug


def test_questions_that_hours_cannot_answer_are_answered_from_events(house, engine):
    house.meter(event("1", miles=3, car="N1"))
    take_everything_over(engine)
    whole = windows(START, END)
    assert house.rolled(house.question("miles", whole))[1] == {"rollups"}
    assert house.rolled(house.question("miles", windows(START, START + hour, "minute")))[1] == {"events"}
    for slug in ("cars", "weighted_sum"):
        assert house.rolled(house.question(slug, whole))[1] == {"events"}
    nobody = house.question("miles", whole)
    assert house.rolled(replace(nobody, question=replace(nobody.question, subjects=())))[1] == {"events"}


def test_a_meter_that_was_changed_is_answered_from_events_until_its_hours_are_there_and_the_old_ones_go(house, engine):
    greatest = replace(MILES, aggregation="max")
    house.meter(event("1", miles=3))
    take_everything_over(engine)
    with engine.begin() as tx:
        house.revise(tx, "miles", 2, greatest)
    changed = house.question("miles", windows(START, END))
    changed = replace(
        changed,
        question=replace(changed.question, meter=asked(greatest, (), {})),
        meter=MeterVersion("miles", 2, greatest),
    )
    before = house.rolled(changed)
    house.meter(event("2", miles=2))
    take_everything_over(engine)
    assert (before[1], house.rolled(changed)[1]) == ({"events"}, {"rollups"})
    assert house.rolled(changed)[0] == house.counted_from_events(changed)
    with engine.begin() as tx:
        for table in ("usage_rollups", "usage_rolled_meters"):
            versions = f"SELECT DISTINCT meter_version FROM {table} WHERE tenant_id = %(id)s AND meter = 'miles'"
            assert [row[0] for row in tx.exec_driver_sql(versions, {"id": house.tenant_id})] == [2]


def test_a_backfill_is_rolled_up_when_it_counts_and_not_when_it_is_previewed(house, engine):
    take_everything_over(engine)
    question = house.question("miles", windows(START, END, "hour"))
    key = staged(house, [event(str(n), at=START + n * 20 * minute, miles=n) for n in range(9)], 4)
    previewed(engine, key)
    assert house.rolled(question) == ({}, {"rollups"})
    committed(engine, key)
    assert house.rolled(question) == (house.counted_from_events(question), {"rollups"})
    assert len(house.rolled(question)[0]) == 3


def test_workers_that_meter_and_take_over_at_the_same_time_count_each_event_once(house, engine):
    for n in range(40):
        house.meter(event(f"before {n}", at=START + n * minute, miles=1))
    threads = [
        *(threading.Thread(target=_meter, args=(house, worker)) for worker in range(2)),
        *(threading.Thread(target=_take_over, args=(engine,)) for _ in range(2)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    take_everything_over(engine)
    question = house.question("miles", windows(START, END))
    [totals] = house.rolled(question)[0].values()
    assert [(int(total.quantity), total.count) for total in totals] == [(100, 100)]
    assert house.rolled(question) == (house.counted_from_events(question), {"rollups"})


def _meter(house: RolledHouse, worker: int) -> None:
    for n in range(30):
        house.meter(event(f"{worker} {n}", at=START + n * minute, miles=1))


def _take_over(engine: Engine) -> None:
    taking = TakingOver(engine, page=3)
    for _ in range(40):
        taking.step()


def test_what_one_request_reads_has_an_end(house, engine):
    house.meter(*(event(str(n), at=START + n // 2 * hour, origin=f"G{n % 2}", miles=n) for n in range(12)))
    take_everything_over(engine)
    question = house.question("trips", windows(START, END, "hour"), ["origin"])
    expected = house.counted_from_events(question)
    for most_read in (2, 3, 5):
        assert house.rolled(question, most_read=most_read)[0] == expected
    with pytest.raises(TooManyEvents) as caught:
        house.rolled(question, most_read=1)
    assert caught.value.field == "/window"
    with pytest.raises(TooManyEvents) as caught:
        house.rolled(house.question("trips", windows(START - minute, START + 5 * hour + minute)), most_read=0)
    assert caught.value.field == "/to"


def test_over_http_an_answer_says_what_it_was_read_from(usage: Service, tenant: str):
    room = Room(usage, tenant)
    room.define_meters()
    room.metered(*(trip(str(n), at=ROOM_START + n * 25 * minute, origin="JFK" if n % 2 else "LGA") for n in range(9)))
    asked_for: dict[str, Any] = {"from": ROOM_START.isoformat(), "to": (ROOM_START + 24 * hour).isoformat()}

    def ask(**more: str) -> tuple[str, list[tuple[str, str]]]:
        answer = room.client.get("/v1/meters/trips/query", params=asked_for | more).json()
        return answer["source"], [(item["groups"].get("origin"), item["quantity"]) for item in answer["items"]]

    by_hour = ask(subject="acme", window="hour", group_by="origin")
    assert by_hour[0] == "rollups"
    assert by_hour[1] == ask(window="hour", group_by="origin")[1]
    assert ask(subject="acme", filter="origin:JFK") == ("rollups", [(None, "4")])
    assert ask() == ("events", [(None, "9")])
