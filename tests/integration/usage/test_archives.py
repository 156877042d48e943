"""Months of events go to files and come back; meanwhile nothing is counted from what is not there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import OperationalError

from infra.local.databases import Urls
from services.usage.domain.cloud_event import CloudEvent
from services.usage.domain.usage_period.state import Totals
from services.usage.files.archive_file import DamagedArchive, read, sha256, write
from services.usage.files.archiving import Archiving, TooYoung
from services.usage.files.restoring import NotArchived, Restoring
from services.usage.metering.apply import Metered, meter
from services.usage.metering.archived import Archived
from services.usage.metering.books import CHECKS
from services.usage.metering.months import Months
from services.usage.metering.periods import recount, remeter
from services.usage.projections.completeness import unmatched
from services.usage.projections.event_places import EventNotFound, places_of
from services.usage.projections.period_events import events_of_period
from shared.database import engine_for
from tests.integration.usage.metering_house import METERS, House, corrected, retracted
from tests.integration.usage.metering_house import event as sent
from tests.integration.usage.test_rollups import take_everything_over

JANUARY, FEBRUARY = datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 2, 1, tzinfo=UTC)
NOW = datetime(2026, 3, 2, tzinfo=UTC)  # corrections are over, repeats are not
LATER = NOW + timedelta(days=10)
hour = timedelta(hours=1)


@dataclass(frozen=True)
class Store(House):
    """A tenant whose events arrive as they happen, a worker's role, and an owner who archives."""

    owner: Engine = field(kw_only=True)
    directory: Path = field(kw_only=True)
    said: list[str] = field(default_factory=list)

    def arrive(self, *events: CloudEvent, at: datetime = JANUARY) -> Metered:
        with Months().there(self.engine, [at]), self.engine.begin() as tx:
            return meter(tx, [msgspec.structs.replace(self.arrivals(events), received_at=at)])

    def archive(self, before: datetime = FEBRUARY, now: datetime = NOW) -> int:
        return Archiving(self.owner, self.directory, 13, now, self.said.append).archive(before)

    def restore(self) -> None:
        Restoring(self.owner, self.directory, self.said.append).restore(JANUARY.date())

    def count(self, table: str) -> int:
        with self.owner.begin() as tx:
            found: int = tx.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()
        return found

    def recounted(self, slug: str) -> tuple[bool, Totals]:
        with self.engine.begin() as tx:
            counted = recount(tx, self.key(slug, JANUARY))
        return counted.differs, counted.after

    def january(self, slug: str) -> Totals:
        return self.totals(slug, JANUARY)

    def open_january(self, slug: str) -> None:
        self.open(slug, starts_at=JANUARY, ends_at=FEBRUARY)

    def close_january(self) -> None:
        with self.owner.begin() as tx:
            tx.exec_driver_sql("UPDATE usage_periods SET status = 'closed'")

    def not_matched(self) -> list[tuple[str, str]]:
        with self.engine.begin() as tx:
            amendments = "SELECT type, reason FROM usage_unmatched WHERE type LIKE 'usage.%%' ORDER BY position"
            rows = tx.exec_driver_sql(amendments, {})
            return [(row.type, row.reason) for row in rows]


@pytest.fixture
def store(urls: Urls, tmp_path: Path) -> Iterator[Store]:
    worker, owner = engine_for(urls.worker, pool_size=3), engine_for(urls.owner, pool_size=2)
    store = Store(worker, uuid4(), owner=owner, directory=tmp_path)
    store.define_meters()
    forget_meter(store, "weighted_sum")
    take_everything_over(worker)
    yield store
    worker.dispose()
    owner.dispose()


def forget_meter(store: Store, slug: str) -> None:
    with store.owner.begin() as tx:
        tx.exec_driver_sql("DELETE FROM usage_meters WHERE slug = %s", (slug,))


def forget_unmatched(store: Store) -> None:
    """For events of which no period is opened here."""
    with store.owner.begin() as tx:
        tx.exec_driver_sql("DELETE FROM usage_unmatched WHERE type = 'trip.ended'")


def trips(number: int, **more: Any) -> list[CloudEvent]:
    return [sent(str(n), at=JANUARY + n * hour, miles=f"{n}.50", car=f"N{n % 3}", **more) for n in range(number)]


SLUGS = ("trips", "miles", "cars", "max", "latest")


@pytest.fixture
def archived(store: Store) -> Store:
    """A closed January, archived; February is there."""
    for slug in SLUGS:
        store.open_january(slug)
    store.arrive(*trips(20))
    store.arrive(corrected("c", "3", {"miles": "8.5"}, at=JANUARY + 3 * hour))
    store.arrive(sent("f", at=FEBRUARY + hour, miles=1), at=FEBRUARY + hour)
    store.close_january()
    assert store.archive() == 0
    return store


def test_a_month_goes_to_a_file_with_its_proof_and_its_totals_stay(archived):
    totals = {slug: archived.january(slug) for slug in SLUGS}
    assert archived.count("usage_events") == 1
    assert [total.count for total in totals["miles"]] == [20]
    [manifest] = [json.loads(path.read_text()) for path in archived.directory.glob("2025-01/*.json")]
    assert (manifest["month"], manifest["tenant"], manifest["count"]) == ("2025-01-01", str(archived.tenant_id), 21)
    assert manifest["types"] == ["trip.ended", "usage.corrected"]
    assert archived.completeness(JANUARY - timedelta(days=365)).difference == 0
    assert archived.archive() == 0
    assert archived.count("usage_archives") == 1


def test_a_restored_month_proves_its_periods_and_can_be_archived_again(archived):
    before = {slug: archived.january(slug) for slug in SLUGS}
    archived.restore()
    assert archived.count("usage_events") == 22
    for slug in SLUGS:
        assert archived.recounted(slug) == (False, before[slug])
    with archived.engine.begin() as tx:
        page = events_of_period(tx, archived.key("miles", JANUARY), limit=100)
        place = places_of(tx, archived.tenant_id, "/cars", "3")
    assert [str(counted.measured.quantity) for counted in page.events][:4] == ["0.50", "1.50", "2.50", "8.5"]
    assert place.event["data"] == '{"miles":"3.50","car":"N0"}'
    assert place.amended and [name.id for name in place.amended.by] == ["c"]
    assert archived.archive() == 0
    assert (archived.count("usage_events"), archived.count("usage_archives")) == (1, 1)


def test_what_would_count_archived_events_says_so_and_changes_nothing(archived):
    before = archived.january("miles")
    key = archived.key("miles", JANUARY)
    questions = (
        lambda tx: recount(tx, key),
        lambda tx: remeter(tx, key, METERS["miles"][0]),
        lambda tx: events_of_period(tx, key),
        lambda tx: places_of(tx, archived.tenant_id, "/cars", "3"),
    )
    for question in questions:
        with pytest.raises(Archived, match="arrived in 2025-01 are archived"), archived.engine.begin() as tx:
            question(tx)
    assert archived.january("miles") == before
    with pytest.raises(EventNotFound), archived.engine.begin() as tx:
        places_of(tx, archived.tenant_id, "/cars", "never sent")


def test_a_period_is_not_opened_over_archived_events(archived):
    with pytest.raises(Archived):
        archived.open("avg", starts_at=JANUARY, ends_at=FEBRUARY)
    assert archived.open("avg", starts_at=FEBRUARY, ends_at=FEBRUARY + timedelta(days=28))[0].count == 1


def test_the_books_pass_over_what_is_archived_and_still_find_what_is_wrong(archived):
    def differences() -> int:
        with archived.engine.connect().execution_options(isolation_level="REPEATABLE READ") as tx:
            return CHECKS["usage_totals"](tx)

    with archived.owner.begin() as tx:
        tx.exec_driver_sql("UPDATE usage_totals SET quantity = quantity + 1")
    assert differences() == 0
    archived.restore()
    assert differences() == len(SLUGS)


@pytest.mark.parametrize("amendment", [retracted("r", "5"), corrected("r", "5", {"miles": 1})])
def test_a_correction_of_an_archived_event_is_kept_and_listed_and_revises_nothing(archived, amendment):
    before = {slug: archived.january(slug) for slug in SLUGS}
    metered = archived.arrive(amendment, at=FEBRUARY + hour)
    assert not metered.late and not metered.advanced
    assert {slug: archived.january(slug) for slug in SLUGS} == before
    assert archived.not_matched() == [(amendment.type, "archived")]
    assert archived.completeness(JANUARY - timedelta(days=365)).difference == 0
    archived.restore()
    assert all(archived.recounted(slug) == (False, before[slug]) for slug in SLUGS)


def test_a_correction_that_needs_archived_events_to_count_again_is_kept_and_listed(archived):
    """The event itself came a month later than the others of its period."""
    late = archived.arrive(sent("late", at=JANUARY + hour, miles=90), at=FEBRUARY + hour)
    assert archived.key("max", JANUARY) in late.late
    before = {slug: archived.january(slug) for slug in SLUGS}
    assert [str(total.quantity) for total in before["max"]] == ["90"]
    metered = archived.arrive(retracted("r", "late"), at=FEBRUARY + 2 * hour)
    assert not metered.late
    assert {slug: archived.january(slug) for slug in SLUGS} == before
    assert archived.not_matched() == [("usage.retracted", "archived")]


def test_late_events_are_added_to_what_is_archived(archived):
    archived.arrive(sent("late", at=JANUARY + hour, miles=100), at=FEBRUARY + hour)
    assert archived.january("miles")[0].count == 21
    assert [str(total.quantity) for total in archived.january("max")] == ["100"]


def test_an_archived_event_that_comes_again_is_a_repeat(archived):
    again = archived.arrive(*trips(20), at=FEBRUARY + hour)
    assert again.counts[archived.tenant_id]["repeated"] == 20
    assert archived.count("usage_events") == 1


def test_a_month_stays_while_a_period_is_open_over_its_events(store):
    store.open_january("miles")
    store.arrive(*trips(3))
    assert store.archive() == 1
    [said] = store.said
    assert said.startswith("2025-01 of tenant") and "is open over its events" in said
    assert (store.count("usage_events"), store.count("usage_archives")) == (3, 0)


def test_a_month_stays_while_a_backfill_is_counted(store):
    store.arrive(*trips(3))
    committing = "INSERT INTO backfills VALUES (%s, %s, 'history', 'committing', now(), now())"
    forget_unmatched(store)
    with store.owner.begin() as tx:
        tx.exec_driver_sql(committing, (store.tenant_id, uuid4()))
    assert store.archive() == 1
    assert "the backfill history is being counted" in store.said[0]


def test_a_month_of_which_corrections_are_to_be_expected_is_not_archived(store):
    with pytest.raises(TooYoung, match="months from 2025-02 on stay"):
        store.archive(before=datetime(2025, 3, 1, tzinfo=UTC))


def test_unmatched_events_stay_and_are_listed_still(store):
    store.arrive(*trips(2), sent("lonely", at=JANUARY, type_="nobody.counts"))
    forget_unmatched(store)
    assert store.archive() == 0
    with store.engine.begin() as tx:
        listed = unmatched(tx, store.tenant_id, JANUARY, FEBRUARY)
    assert [(row["id"], row["reason"]) for row in listed] == [("lonely", "no_meter")]
    assert (store.count("usage_events"), store.count("usage_archives")) == (1, 1)
    store.restore()
    assert store.count("usage_events") == 3


def test_events_that_hold_a_level_stay_however_long_ago_they_came(store):
    store.define_meter("weighted_sum")
    store.arrive(*trips(2), sent("other", at=JANUARY, type_="other"))
    with store.owner.begin() as tx:
        tx.exec_driver_sql("DELETE FROM usage_unmatched")
    assert store.archive() == 0
    assert (store.count("usage_events"), store.count("usage_archives")) == (2, 1)
    [total] = store.open("weighted_sum", starts_at=FEBRUARY, ends_at=FEBRUARY + timedelta(days=28))
    assert total.quantity == Decimal("1.5") * 28 * 24


def test_a_meter_of_levels_that_came_after_the_archive_asks_for_it(archived):
    archived.define_meter("weighted_sum")
    with pytest.raises(Archived):
        archived.open("weighted_sum", starts_at=FEBRUARY, ends_at=FEBRUARY + timedelta(days=28))
    archived.restore()
    assert archived.open("weighted_sum", starts_at=FEBRUARY, ends_at=FEBRUARY + timedelta(days=28))


def test_of_what_was_there_before_months_were_the_older_ones_go_and_the_others_stay(store):
    january, march = datetime(1999, 1, 1, tzinfo=UTC), datetime(1999, 3, 1, tzinfo=UTC)
    store.arrive(sent("old", at=january), at=january)
    store.arrive(sent("younger", at=march), at=march)
    forget_unmatched(store)
    assert store.archive(before=datetime(1999, 2, 1, tzinfo=UTC)) == 0
    with store.engine.begin() as tx:
        assert tx.exec_driver_sql("SELECT id FROM usage_events").scalars().all() == ["younger"]
    store.arrive(sent("youngest", at=march), at=march)
    forget_unmatched(store)
    assert store.archive() == 0
    assert (store.count("usage_events"), store.count("usage_archives")) == (0, 2)
    Restoring(store.owner, store.directory, store.said.append).restore(january.date())
    assert store.count("usage_events") == 1


def test_an_archived_month_to_which_events_came_goes_with_all_of_them_or_not_at_all(archived):
    archived.arrive(sent("more", at=JANUARY, miles=1))
    assert archived.archive() == 1
    assert "it was archived before, and events came since" in archived.said[-1]
    archived.restore()
    assert archived.archive() == 0
    assert archived.count("usage_events") == 1


def test_events_of_a_tenant_whose_test_clock_is_young_stay(store):
    store.arrive(*trips(2))
    forget_unmatched(store)
    with store.owner.begin() as tx:
        tx.exec_driver_sql(
            "INSERT INTO test_clocks (tenant_id, now, version) VALUES (%s, %s, 1)", (store.tenant_id, FEBRUARY)
        )
    assert store.archive() == 0
    assert store.count("usage_events") == 2


def test_keys_are_forgotten_once_nothing_can_repeat_them_and_come_back_with_their_events(archived):
    assert archived.count("usage_event_keys") == 22
    archived.archive(now=LATER)
    assert archived.count("usage_event_keys") == 1
    archived.restore()
    assert archived.count("usage_event_keys") == 22
    again = archived.arrive(*trips(20, changed=True), at=FEBRUARY + hour)
    assert again.counts[archived.tenant_id]["conflicting"] == 20
    assert archived.arrive(*trips(20), at=FEBRUARY + hour).counts[archived.tenant_id]["repeated"] == 20


@pytest.mark.parametrize("what", ["file", "manifest", "both", "gone"])
def test_what_was_tampered_with_is_refused_and_said(archived, what):
    [file], [manifest] = archived.directory.glob("*/*.parquet"), archived.directory.glob("*/*.json")
    if what in ("file", "both"):
        content = bytearray(file.read_bytes())
        content[100] ^= 1
        file.write_bytes(content)
    if what in ("manifest", "both"):
        manifest.write_text(manifest.read_text().replace('"count": 21', '"count": 20'))
    if what == "gone":
        file.unlink()
    said = {"manifest": "the manifest of .* says count 20 for 21", "gone": "is not there"}.get(what, "has the SHA-256")
    with pytest.raises(DamagedArchive, match=said):
        archived.restore()
    assert (archived.count("usage_events"), archived.count("usage_archives")) == (1, 1)


def test_a_file_with_other_events_under_a_true_checksum_is_refused(archived):
    """As somebody would leave it who may write the table of archives, too."""
    [file] = archived.directory.glob("*/*.parquet")
    events = list(read(file))[:-1]
    write(archived.directory, JANUARY.date(), archived.tenant_id, events)
    with archived.owner.begin() as tx:
        tx.exec_driver_sql("UPDATE usage_archives SET sha256 = %s", (sha256(file),))
    with pytest.raises(DamagedArchive, match="says count 20 for 21"):
        archived.restore()


def test_nothing_archived_is_nothing_to_restore(store):
    with pytest.raises(NotArchived):
        store.restore()


def test_each_tenant_has_a_file_of_its_own_and_comes_back_alone(store):
    other = Store(store.engine, uuid4(), owner=store.owner, directory=store.directory)
    for each in (store, other):
        each.arrive(*trips(2))
    forget_unmatched(store)
    assert store.archive() == 0
    assert len(list(store.directory.glob("2025-01/*.parquet"))) == 2
    Restoring(store.owner, store.directory, store.said.append).restore(JANUARY.date(), other.tenant_id)
    with store.engine.begin() as tx:
        assert set(tx.exec_driver_sql("SELECT tenant_id FROM usage_events").scalars()) == {other.tenant_id}
        assert tx.exec_driver_sql("SELECT tenant_id FROM usage_archives").scalars().all() == [store.tenant_id]


class Killed(BaseException):
    """The process ends here."""


def dying_at(engine: Engine, statement: int) -> Any:
    seen = 0

    def count(*_: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == statement:
            raise Killed

    event.listen(engine, "before_cursor_execute", count)
    return count


def test_whoever_is_killed_between_two_statements_of_an_archive_loses_nothing(store):
    store.open_january("miles")
    store.arrive(*trips(5))
    store.close_january()
    total, statement = store.january("miles"), 0
    while True:
        statement += 1
        listener = dying_at(store.owner, statement)
        try:
            store.archive(now=NOW)
            died = False
        except Killed:
            died = True
        event.remove(store.owner, "before_cursor_execute", listener)
        store.owner.dispose()
        there, noted = store.count("usage_events"), store.count("usage_archives")
        assert (there, noted) in ((5, 0), (0, 1))
        if noted:
            store.restore()
        assert store.recounted("miles") == (False, total)
        if not died:
            break
    assert statement > 10
    assert store.archive() == 0


def test_a_month_that_changes_while_it_is_written_stays(store):
    store.arrive(*trips(2))
    forget_unmatched(store)
    came: list[UUID] = []

    def one_more(connection: Connection, cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("LOCK TABLE partitions") and not came:
            came.append(uuid4())
            store.open_january("miles")
            store.arrive(sent("more", at=JANUARY, miles=1))

    event.listen(store.owner, "before_cursor_execute", one_more)
    assert store.archive() == 1
    event.remove(store.owner, "before_cursor_execute", one_more)
    assert "changed while it was written" in store.said[0]
    assert (store.count("usage_events"), store.count("usage_archives")) == (3, 0)


def test_others_are_not_kept_waiting_for_a_partition_that_is_in_use(store):
    store.arrive(*trips(1))
    forget_unmatched(store)
    event.listen(store.owner, "begin", lambda tx: tx.exec_driver_sql("SET LOCAL lock_timeout = '20ms'"))
    with store.engine.begin() as reading:
        reading.exec_driver_sql("SELECT count(*) FROM usage_events")
        with pytest.raises(OperationalError, match="lock timeout"):
            store.archive()
    assert store.archive() == 0
