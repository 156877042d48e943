"""Hours that are rolled up outlive the events they were made of, and are never made of only some of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, event

from infra.local.databases import Urls
from services.usage.domain.meter import MeterDefinition
from services.usage.domain.windows import windows
from services.usage.files.archiving import Archiving
from services.usage.files.restoring import Restoring
from services.usage.metering.archived import Archived
from services.usage.metering.rollup_taking import TakingOver
from services.usage.metering.shortening import shorten_period
from services.usage.projections.meters import MeterVersion
from services.usage.projections.rolled_hours import RolledQuestion
from shared.database import engine_for
from tests.integration.usage.archive_house import FEBRUARY, JANUARY, Store, forget_unmatched, hour, trips
from tests.integration.usage.metering_house import MILES, corrected, retracted
from tests.integration.usage.metering_house import event as sent
from tests.integration.usage.test_rollups import Answer, RolledHouse, take_everything_over
from tests.support.waiting import eventually

MARCH, MAY = datetime.fromisoformat("2025-03-01T00:00Z"), datetime.fromisoformat("2025-05-01T00:00Z")
SLUGS = ("miles", "max", "latest")
minute = timedelta(minutes=1)


class RolledStore(Store, RolledHouse):
    """A tenant whose hours are rolled up, and whose events go to an archive."""

    def define_meters(self) -> None:
        for slug in SLUGS:
            self.define_meter(slug)
        take_everything_over(self.engine)

    def asked(self, slug: str, starts_at: datetime, ends_at: datetime, version: int = 1) -> RolledQuestion:
        question = self.question(slug, windows(starts_at, ends_at, "day"))
        return replace(question, meter=MeterVersion(slug, version, self.definition(slug)))

    def january_by_day(self) -> list[Answer]:
        answers = [self.rolled(self.asked(slug, JANUARY, FEBRUARY)) for slug in SLUGS]
        assert {source for _, sources in answers for source in sources} == {"rollups"}
        return [answer for answer, _ in answers]

    def january_from_events(self) -> list[Answer]:
        return [self.counted_from_events(self.asked(slug, JANUARY, FEBRUARY)) for slug in SLUGS]

    def define_anew(self, slug: str, version: int, definition: MeterDefinition | None = None) -> None:
        with self.engine.begin() as tx:
            self.revise(tx, slug, version, definition or self.definition(slug))


@pytest.fixture
def store(urls: Urls, tmp_path: Path) -> Iterator[RolledStore]:
    worker, owner = engine_for(urls.worker, pool_size=3), engine_for(urls.owner, pool_size=2)
    store = RolledStore(worker, uuid4(), owner=owner, directory=tmp_path)
    store.define_meters()
    yield store
    worker.dispose()
    owner.dispose()


@pytest.fixture
def archived(store: RolledStore) -> RolledStore:
    """A closed and archived January, of which one event came in February."""
    store.open_january("miles")
    store.arrive(*trips(40))
    store.arrive(sent("late", at=JANUARY + 90 * minute, miles=90), at=FEBRUARY + hour)
    store.close_january()
    assert store.archive() == 0
    return store


def test_archived_hours_are_answered_as_before_and_what_comes_late_is_added(archived):
    before = archived.january_by_day()
    assert [str(total.quantity) for totals in before[1].values() for total in totals] == ["90", "39.50"]
    archived.arrive(sent("later", at=JANUARY + 25 * hour, miles=100), *trips(40), at=FEBRUARY + hour)
    after = archived.january_by_day()
    assert [str(total.quantity) for totals in after[1].values() for total in totals] == ["90", "100"]
    archived.restore()
    assert archived.january_by_day() == after == archived.january_from_events()
    forget_unmatched(archived)
    assert archived.archive() == 0
    assert archived.january_by_day() == after


def test_a_piece_of_an_archived_hour_asks_for_whole_hours(archived):
    with pytest.raises(Archived, match=r"2025-01 are archived: .* or ask for whole hours") as caught:
        archived.rolled(archived.asked("miles", JANUARY, JANUARY + 90 * minute))
    assert caught.value.field == "/to"


def test_a_meter_that_is_rolled_up_after_an_archive_says_nothing_of_hours_that_it_cannot_know(archived):
    complete_from = JANUARY + 40 * hour  # behind the hour of the last archived event
    before = archived.january_by_day()[0]
    archived.arrive(sent("f", at=FEBRUARY + hour, miles=1), sent("n", at=complete_from, miles=2), at=FEBRUARY + hour)
    archived.define_anew("miles", 2)
    take_everything_over(archived.engine)
    for starts_at in (JANUARY, complete_from - hour):
        with pytest.raises(Archived):
            archived.rolled(archived.asked("miles", starts_at, MARCH, version=2))
    answer, source = archived.rolled(archived.asked("miles", complete_from, MARCH, version=2))
    assert ([str(totals[0].quantity) for totals in answer.values()], source) == (["2", "1"], {"rollups"})
    archived.restore()
    answer, source = archived.rolled(archived.asked("miles", JANUARY, JANUARY + 24 * hour, version=2))
    assert source == {"events"}
    assert list(answer.values()) == list(before.values())[:1]


def test_a_correction_for_which_an_archived_hour_had_to_be_counted_again_is_listed_until_it_is_restored(archived):
    before, total = archived.january_by_day(), archived.january("miles")
    metered = archived.arrive(corrected("c", "late", {"miles": 9}), at=FEBRUARY + 2 * hour)
    assert (metered.late, archived.january("miles")) == ({}, total)
    assert archived.january_by_day() == before
    assert archived.not_matched() == [("usage.corrected", "archived")]
    archived.restore()
    assert archived.january_by_day() == before == archived.january_from_events()
    archived.arrive(corrected("c2", "late", {"miles": 9}), at=FEBRUARY + 2 * hour)
    assert archived.january_by_day() == archived.january_from_events() != before


def test_a_correction_in_an_hour_of_which_no_meter_says_anything_needs_no_archived_events(archived):
    for slug in SLUGS:
        archived.define_anew(slug, 2)
    take_everything_over(archived.engine)
    before = archived.january("miles")[0].quantity
    archived.arrive(corrected("c", "late", {"miles": 9}), at=FEBRUARY + 2 * hour)
    assert archived.january("miles")[0].quantity == before - 81


def test_a_month_stays_while_its_hours_are_still_to_be_rolled_up(store):
    store.arrive(*trips(4))
    forget_unmatched(store)
    store.define_anew("miles", 2)
    taking = TakingOver(store.engine, page=3)
    for _ in range(2):  # before it begins, and with pages to come
        assert store.archive() == 1
        assert store.said[-1].endswith("hours of the meter miles are still to be rolled up")
        taking.step()
    take_everything_over(store.engine)
    assert store.archive() == 0


def test_a_meter_of_other_events_keeps_no_month_here(store):
    store.arrive(*trips(4))
    forget_unmatched(store)
    store.define_anew("calls", 1, replace(MILES, event_type="call.ended"))
    assert store.archive() == 0


def test_who_begins_to_roll_up_while_a_month_leaves_waits_for_the_end_of_it(store):
    store.arrive(*trips(4))
    forget_unmatched(store)
    beginning = Thread(target=TakingOver(store.engine).step)

    def begin(connection: Connection, cursor: Any, statement: str, *_: Any) -> None:
        if "INSERT INTO usage_archives" in statement:
            store.define_anew("miles", 2)
            beginning.start()
            eventually(lambda: waits(store))

    event.listen(store.owner, "before_cursor_execute", begin)
    assert store.archive() == 0
    event.remove(store.owner, "before_cursor_execute", begin)
    beginning.join(30)
    with store.engine.begin() as tx:
        of_new = "SELECT complete_from FROM usage_rolled_meters WHERE meter_version = 2"
        assert tx.exec_driver_sql(of_new).scalar_one() == JANUARY + 4 * hour


def waits(store: RolledStore) -> bool:
    with store.engine.begin() as tx:
        waiting = "SELECT FROM pg_locks WHERE NOT granted AND relation = 'usage_events'::regclass"
        return tx.exec_driver_sql(f"SELECT EXISTS ({waiting})").scalar_one() is True


def test_a_period_is_not_shortened_over_archived_events(archived):
    before = archived.january("miles")
    with pytest.raises(Archived), archived.engine.begin() as tx:
        shorten_period(tx, archived.key("miles", JANUARY), JANUARY + 24 * hour)
    assert archived.january("miles") == before


names = st.integers(0, 5).map(str)
moments = st.builds(
    lambda month, minutes: month + minutes * minute, st.sampled_from([JANUARY, FEBRUARY]), st.integers(0, 179)
)
came = st.builds(sent, names, at=moments, miles=st.integers(1, 9))
retractions = st.builds(retracted, st.integers(6, 8).map(str), names)
corrections = st.builds(corrected, st.integers(9, 11).map(str), names, st.fixed_dictionaries({"miles": st.just(50)}))
steps = st.one_of(
    st.tuples(st.just("arrive"), st.sampled_from([JANUARY, FEBRUARY, MARCH]), st.lists(came, min_size=1, max_size=4)),
    st.tuples(st.just("arrive"), st.just(MARCH), st.lists(st.one_of(retractions, corrections), min_size=1, max_size=2)),
    st.tuples(st.just("archive"), st.sampled_from([FEBRUARY, MARCH]), st.none()),
    st.tuples(st.just("restore"), st.sampled_from([JANUARY, FEBRUARY]), st.none()),
    st.tuples(st.sampled_from(["take a page over", "define anew"]), st.none(), st.none()),
)


class Story(RolledStore):
    """Months come and go, and meters are changed meanwhile."""

    def define_meters(self) -> None:
        for slug in SLUGS:
            self.define_meter(slug)

    def do(self, what: str, month: Any, events: Any) -> None:
        if what == "arrive":
            self.arrive(*events, at=month + 14 * 24 * hour)
            forget_unmatched(self)
        elif what == "archive":
            Archiving(self.owner, self.directory, 1, MAY, self.said.append).archive(month)
        elif what == "restore":
            self.bring_back(month)
        elif what == "define anew":
            self.define_anew("miles", self.version() + 1)
        else:
            TakingOver(self.engine, page=2).step()

    def bring_back(self, month: datetime) -> None:
        with self.engine.begin() as tx:
            is_there = "SELECT FROM usage_archives WHERE tenant_id = %s AND month = %s"
            noted = tx.exec_driver_sql(is_there, (self.tenant_id, month.date())).first()
        if noted is not None:
            Restoring(self.owner, self.directory, self.said.append).restore(month.date(), self.tenant_id)

    def version(self) -> int:
        with self.engine.begin() as tx:
            newest = "SELECT max(version) FROM usage_meters WHERE tenant_id = %s AND slug = 'miles'"
            return int(tx.exec_driver_sql(newest, (self.tenant_id,)).scalar_one())

    def questions(self) -> list[RolledQuestion]:
        versions = {"miles": self.version()}
        ranges = [(JANUARY, MARCH), (JANUARY + hour, JANUARY + 3 * hour), (FEBRUARY, FEBRUARY + 2 * hour)]
        return [self.asked(slug, *each, version=versions.get(slug, 1)) for slug in SLUGS for each in ranges]

    def answers(self) -> list[Answer | None]:
        return [self.answer(question) for question in self.questions()]

    def answer(self, question: RolledQuestion) -> Answer | None:
        try:
            return self.rolled(question)[0]
        except Archived:
            return None

    def forget_everything(self) -> None:
        with self.owner.begin() as tx:
            for table in ("usage_events", "usage_event_keys", "usage_meters", "usage_rolled_meters", "usage_rollups"):
                tx.exec_driver_sql(f"DELETE FROM {table} WHERE tenant_id = %s", (self.tenant_id,))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=st.lists(steps, min_size=6, max_size=14))
def test_whatever_is_archived_and_restored_an_answer_is_what_all_events_say_or_none(store, story: Sequence[Any]):
    told = Story(store.engine, uuid4(), owner=store.owner, directory=store.directory)
    told.define_meters()
    for step in story:
        told.do(*step)
    take_everything_over(told.engine)
    while_archived = told.answers()
    for month in (JANUARY, FEBRUARY):
        told.bring_back(month)
    for question, answer in zip(told.questions(), while_archived, strict=True):
        expected = told.counted_from_events(question)
        assert answer is None or answer == expected
        assert told.rolled(question)[0] == expected
    told.forget_everything()
