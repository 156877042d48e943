"""Metering on a real PostgreSQL: what is counted, once, and where."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from services.usage.domain.cloud_event import EventError, Rejected
from services.usage.domain.usage_period.state import EventName
from services.usage.metering.apply import meter
from services.usage.metering.stored_events import Place
from services.usage.projections.completeness import Completeness, NotAQuarter, completeness, unmatched
from tests.integration.usage.metering_house import END, METERS, START, House, corrected, event, retracted

day = timedelta(days=1)


@pytest.fixture
def house(engine: Engine, tenant_id: UUID) -> House:
    house = House(engine, tenant_id)
    house.define_meters()
    return house


@pytest.fixture
def open_house(house: House) -> House:
    for slug in METERS:
        house.open(slug)
    return house


def test_an_event_counts_for_every_meter_that_matches(open_house):
    metered = open_house.meter(
        event("1", origin="JFK", miles=10, car="N1"), event("2", origin="LGA", miles="0.5", car="N1")
    )
    assert open_house.quantities("trips") == {"JFK": 1, "LGA": 1}
    assert open_house.totals("miles")[0].quantity == Decimal("10.5")
    assert open_house.quantities("cars") == {"": 1}
    assert metered.advanced[open_house.key("trips")] == open_house.totals("trips")
    assert metered.late == {}


def test_a_missing_value_keeps_an_event_out_of_one_meter_only(open_house):
    counts = open_house.meter(event("1", origin="JFK", miles=10)).counts[open_house.tenant_id]
    assert open_house.totals("cars") == ()
    assert open_house.quantities("miles") == {"": 10}
    assert (counts["metered"], counts["unmatched"]) == (1, 0)


def test_the_same_event_again_is_counted_once(open_house):
    first = event("1", origin="JFK", miles=1)
    open_house.meter(first, first)
    later = open_house.meter(event("1", at=START + day, origin="JFK", miles=1)).counts[open_house.tenant_id]
    assert open_house.quantities("miles") == {"": 1}
    assert (later["received"], later["repeated"]) == (1, 1)


def test_another_payload_under_the_same_name_is_kept_as_conflicting(open_house):
    first, other = event("1", miles=1), event("1", miles=2)
    counts = open_house.meter(first, other, first).counts[open_house.tenant_id]
    assert (counts["metered"], counts["conflicting"], counts["repeated"]) == (1, 1, 1)
    assert open_house.meter(other).counts[open_house.tenant_id]["conflicting"] == 1
    assert open_house.quantities("miles") == {"": 1}
    with open_house.engine.begin() as tx:
        kept = tx.exec_driver_sql(
            "SELECT data::text FROM usage_conflicting WHERE tenant_id = %s", (open_house.tenant_id,)
        )
        assert [row.data for row in kept] == ['{"miles":2}', '{"miles":2}']


def test_the_same_event_of_another_tenant_is_another_event(engine, open_house):
    other = House(engine, uuid4())
    other.define_meters()
    other.open("miles")
    open_house.meter(event("1", miles=1))
    assert other.meter(event("1", miles=1)).counts[other.tenant_id]["metered"] == 1
    assert open_house.totals("miles")[0].digest != other.totals("miles")[0].digest


def test_a_period_holds_its_start_and_not_its_end(open_house):
    just_before = timedelta(microseconds=1)
    open_house.meter(
        event("1", at=START - just_before, miles=1),
        event("2", at=START, miles=10),
        event("3", at=END - just_before, miles=100),
        event("4", at=END, miles=1000),
    )
    assert open_house.quantities("miles") == {"": 110}


def test_all_subjects_of_a_period_count(open_house):
    open_house.meter(event("1", miles=1), event("2", subject="sub-1", miles=2), event("3", subject="sub-2", miles=4))
    assert open_house.quantities("miles") == {"": 3}


def test_events_without_meter_or_period_are_listed_with_the_reason(open_house):
    open_house.meter(
        event("1", miles=1), event("2", type_="trip.began"), event("3", subject="globex"), event("4", at=END)
    )
    with open_house.engine.begin() as tx:
        listed = unmatched(tx, open_house.tenant_id, START, END + day)
        second = unmatched(tx, open_house.tenant_id, START, END + day, after=Place(START, listed[0]["position"]))
    assert {(row["id"], row["reason"]) for row in listed[:2]} == {("2", "no_meter"), ("3", "no_period")}
    assert (listed[2]["id"], listed[2]["reason"]) == ("4", "no_period")
    assert second == listed[1:]


def test_what_comes_into_a_closed_period_is_told_with_totals_before_and_after(open_house):
    open_house.meter(event("1", miles=1))
    closed = open_house.close("miles")
    metered = open_house.meter(event("2", miles=2), event("1", miles=1), event("3"))
    late = metered.late[open_house.key("miles")]
    assert late.before == closed
    assert late.after == open_house.totals("miles")
    assert late.after[0].quantity == 3
    assert late.events == (EventName("/cars", "2"),)
    assert open_house.key("miles") not in metered.advanced
    assert open_house.key("trips") in metered.advanced


def test_rejected_events_are_kept_and_counted(open_house):
    error = EventError(0, "/id", "missing", "is required and not empty")
    rejected = Rejected(0, START, '{"id":"","data":"\\u0000"}', [error])
    open_house.meter(event("1"), rejected=[rejected])
    open_house.meter(rejected=[rejected])
    with open_house.engine.begin() as tx:
        kept = tx.exec_driver_sql(
            "SELECT text, errors FROM usage_rejected WHERE tenant_id = %s", (open_house.tenant_id,)
        ).all()
    assert [row.text for row in kept] == [rejected.text] * 2
    assert kept[0].errors[0]["code"] == "missing"
    assert open_house.completeness().rejected == 2


def test_every_event_received_is_accounted_for(open_house):
    rejected = Rejected(0, START, "{}", [])
    open_house.meter(event("1", miles=1), event("2", type_="other"), event("1", miles=1), event("1", miles=9))
    open_house.meter(event("1", miles=1), event("3", miles=1), rejected=[rejected])
    books = open_house.completeness(pending=5)
    assert books == Completeness(received=12, metered=2, unmatched=1, rejected=1, repeated=2, conflicting=1, pending=5)
    assert books.difference == 0


def test_completeness_is_counted_by_event_time(open_house):
    open_house.meter(event("1", at=START), event("2", at=END + day, miles=1), event("3", at=START - day))
    assert open_house.completeness(starts_at=START).received == 2
    assert open_house.completeness(starts_at=END).received == 1
    with open_house.engine.begin() as tx, pytest.raises(NotAQuarter) as caught:
        completeness(tx, open_house.tenant_id, START + timedelta(minutes=7), END, pending=0)
    assert caught.value.field == "/from"


def test_data_that_postgresql_finds_odd_does_no_harm(open_house):
    open_house.meter(event("1", origin="nul\0", car="x" * 5000, miles=1, deep=[[{"a": "\U0001f697"}]]))
    assert open_house.quantities("cars") == {"": 1}
    assert open_house.quantities("miles") == {"": 1}


names = st.sampled_from([str(n) for n in range(12)])
moments = st.integers(-2, 33).map(lambda days: START + days * day)
subjects = st.sampled_from(["acme", "sub-1", "globex"])
said = {
    "origin": st.sampled_from(["JFK", "LGA", None]),
    "miles": st.sampled_from([1, "2.5", None, "far"]),
    "car": st.sampled_from(["N1", "N2", ""]),
}
trips = st.builds(event, names, at=moments, subject=subjects, **said)
others = st.integers(12, 16).map(str) | names
retractions = st.builds(retracted, others, names, at=moments, subject=subjects)
corrections = st.builds(corrected, others, names, st.fixed_dictionaries(said), at=moments, subject=subjects)
events = st.one_of(trips, trips, trips, retractions, corrections)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(events, max_size=25), st.data())
def test_any_batching_with_any_repetition_gives_the_totals_of_a_plain_fold(engine, stream, data):
    house = House(engine, uuid4())
    house.define_meters()
    opening = {slug: data.draw(st.integers(0, len(stream)), label=f"{slug} opens after") for slug in METERS}
    at = 0
    while at < len(stream) or opening:
        for slug in [slug for slug, after in opening.items() if after <= at]:
            assert house.open(slug) == house.fold(slug, stream[:at])
            del opening[slug]
        size = data.draw(st.integers(1, 8), label="batch")
        again = data.draw(st.integers(0, at), label="sent again from")
        with engine.begin() as tx:
            meter(tx, [house.arrivals(stream[again:at]), house.arrivals(stream[at : at + size])])
        at += size
    assert all(house.totals(slug) == house.fold(slug, stream) for slug in METERS)
    assert house.completeness().difference == 0
    with engine.begin() as tx:
        listed = unmatched(tx, house.tenant_id, START - 99 * day, END + 99 * day)
    assert house.completeness().unmatched == len(listed)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(trips, max_size=15, unique_by=lambda e: e.id), st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing(engine, stream, random):
    house = House(engine, uuid4())
    house.define_meters()
    for slug in METERS:
        house.open(slug)
    shuffled = random.sample(stream, len(stream))
    for at in range(0, len(shuffled), 4):
        house.meter(*shuffled[at : at + 4])
    assert all(house.totals(slug) == house.fold(slug, stream) for slug in METERS)
