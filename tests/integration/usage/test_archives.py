"""Which events are archived and which stay, and what happens to an archive that is disturbed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import OperationalError

from services.usage.files.archiving import TooYoung
from services.usage.files.restoring import Restoring
from services.usage.projections.completeness import unmatched
from tests.integration.usage.archive_house import (
    FEBRUARY,
    JANUARY,
    NOW,
    forget_unmatched,
    trips,
)
from tests.integration.usage.metering_house import event as sent


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
