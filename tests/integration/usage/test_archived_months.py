"""Archived months: a file with its proof, what is answered meanwhile, and how they come back."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import uuid4

import pytest

from services.usage.files.archive_file import DamagedArchive, read, sha256, write
from services.usage.files.restoring import NotArchived, Restoring
from services.usage.metering.archived import Archived
from services.usage.metering.books import CHECKS
from services.usage.metering.periods import recount, remeter
from services.usage.projections.event_places import EventNotFound, places_of
from services.usage.projections.period_events import events_of_period
from tests.integration.usage.archive_house import (
    FEBRUARY,
    JANUARY,
    LATER,
    SLUGS,
    Store,
    forget_unmatched,
    hour,
    trips,
)
from tests.integration.usage.metering_house import METERS, corrected, retracted
from tests.integration.usage.metering_house import event as sent


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


def test_a_meter_of_levels_that_came_after_the_archive_asks_for_it(archived):
    archived.define_meter("weighted_sum")
    with pytest.raises(Archived):
        archived.open("weighted_sum", starts_at=FEBRUARY, ends_at=FEBRUARY + timedelta(days=28))
    archived.restore()
    assert archived.open("weighted_sum", starts_at=FEBRUARY, ends_at=FEBRUARY + timedelta(days=28))


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
