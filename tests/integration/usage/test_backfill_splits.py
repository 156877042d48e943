"""However events are shared out between the API and backfills, they give the same totals, and a preview says them before."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine

from services.usage.domain.backfill import BackfillAccepted, BackfillOpened, Limits
from services.usage.domain.cloud_event import CloudEvent
from services.usage.domain.tally import GroupTotal
from services.usage.metering import backfill_commit, backfill_preview
from services.usage.metering.backfill_loads import BackfillKey, Chunk, ask_for_preview, begin_load, stage_chunk
from services.usage.metering.backfill_preview import Change, Preview
from services.usage.metering.totals import totals_of
from services.usage.metering.watches import PeriodKey
from services.usage.projections import backfills
from shared.causes import Cause
from shared.event_store import Recorded, StreamKey
from tests.integration.usage.metering_house import END, METERS, House, event, retracted
from tests.integration.usage.test_metering import trips

WAYS = ("api", "first", "second")
unlike = st.lists(trips, max_size=16, unique_by=lambda event: event.id)


def happened(tx: Connection, key: BackfillKey, fact: object) -> None:
    stream = StreamKey(key.tenant_id, "backfill", key.backfill_id)
    backfills.project(tx, [Recorded(fact, stream, 1, None, Cause(key.tenant_id, END, END, {}))])


def staged(house: House, events: Sequence[CloudEvent], size: int) -> BackfillKey:
    key = BackfillKey(house.tenant_id, uuid4())
    with house.engine.begin() as tx:
        happened(tx, key, BackfillOpened(name=key.backfill_id.hex))
        load = begin_load(tx, key, uuid4(), "jsonl", 0, END)
        for start in range(0, len(events), size):
            load = stage_chunk(tx, key, load, Chunk(list(events[start : start + size]), []), Limits(), END)
    return key


def previewed(engine: Engine, key: BackfillKey) -> tuple[Preview, list[Change]]:
    with engine.begin() as tx:
        ask_for_preview(tx, key, END)
    with engine.begin() as tx:
        asked = backfill_preview.asked(tx)
    assert asked is not None and asked.key == key
    played = backfill_preview.play(engine, asked, END)
    assert played is not None
    with engine.begin() as tx:
        backfill_preview.keep(tx, asked, *played)
    return played


def committed(engine: Engine, key: BackfillKey) -> None:
    with engine.begin() as tx:
        happened(tx, key, BackfillAccepted(name="", rows=0))
    while True:
        with engine.begin() as tx:
            claimed = backfill_commit.claim(tx)
            if claimed is None:
                break
            backfill_commit.count_chunk(tx, claimed)
    with engine.begin() as tx:
        tx.exec_driver_sql(
            "UPDATE backfills SET status = 'committed' WHERE backfill_id = %(id)s", {"id": key.backfill_id}
        )


def every_total(engine: Engine, tenant_id: UUID, house: House) -> dict[PeriodKey, tuple[GroupTotal, ...]]:
    with engine.connect() as tx:
        return totals_of(tx, [house.key(slug) for slug in METERS])


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(unlike, st.data())
def test_any_split_between_the_api_and_backfills_gives_the_same_totals(engine, stream, data):
    house = House(engine, uuid4())
    house.define_meters()
    for slug in METERS:
        house.open(slug)
    ways = [data.draw(st.sets(st.sampled_from(WAYS), min_size=1), label=f"way of {each.id}") for each in stream]
    of_way = {way: [each for each, taken in zip(stream, ways, strict=True) if way in taken] for way in WAYS}
    closing = data.draw(st.integers(0, 3), label="periods close before")
    for step, way in enumerate(data.draw(st.permutations(WAYS), label="order")):
        if step == closing:
            for slug in METERS:
                house.close(slug)
        if way == "api":
            house.meter(*of_way[way])
            continue
        key = staged(house, of_way[way], data.draw(st.integers(1, 5), label="rows in a chunk"))
        before = every_total(engine, house.tenant_id, house)
        preview, changes = previewed(engine, key)
        assert every_total(engine, house.tenant_id, house) == before
        committed(engine, key)
        after = every_total(engine, house.tenant_id, house)
        assert {c.period: (c.before, c.after) for c in changes} == {
            period: (before[period], after[period]) for period in before if before[period] != after[period]
        }
        with engine.connect() as tx:
            assert preview.outcome == backfill_commit.outcome_of(tx, key)
    assert all(house.totals(slug) == house.fold(slug, stream) for slug in METERS)
    assert house.completeness().difference == 0


def test_an_event_that_was_taken_back_before_it_came_is_previewed_as_such(engine):
    house = House(engine, uuid4())
    house.define_meters()
    for slug in METERS:
        house.open(slug)
    house.meter(retracted("r", "1"))
    key = staged(house, [event("1", miles=3), event("2", miles=4)], 1)
    _, changes = previewed(engine, key)
    committed(engine, key)
    assert {c.period: c.after for c in changes} == {
        period: totals for period, totals in every_total(engine, house.tenant_id, house).items() if totals
    }
    assert house.quantities("miles") == {"": 4}
