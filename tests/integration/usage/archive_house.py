"""A tenant whose months of events are archived and restored."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Engine

from services.usage.domain.cloud_event import CloudEvent
from services.usage.domain.usage_period.state import Totals
from services.usage.files.archiving import Archiving
from services.usage.files.restoring import Restoring
from services.usage.metering.apply import Metered, meter
from services.usage.metering.months import Months
from services.usage.metering.periods import recount
from tests.integration.usage.metering_house import House
from tests.integration.usage.metering_house import event as sent

JANUARY, FEBRUARY = datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 2, 1, tzinfo=UTC)
NOW = datetime(2026, 3, 2, tzinfo=UTC)  # corrections are over, repeats are not
LATER = NOW + timedelta(days=10)
hour = timedelta(hours=1)
SLUGS = ("trips", "miles", "cars", "max", "latest")


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


def forget_meter(store: Store, slug: str) -> None:
    with store.owner.begin() as tx:
        tx.exec_driver_sql("DELETE FROM usage_meters WHERE slug = %s", (slug,))


def forget_unmatched(store: Store) -> None:
    """For events of which no period is opened here."""
    with store.owner.begin() as tx:
        tx.exec_driver_sql("DELETE FROM usage_unmatched WHERE type = 'trip.ended'")


def trips(number: int, **more: Any) -> list[CloudEvent]:
    return [sent(str(n), at=JANUARY + n * hour, miles=f"{n}.50", car=f"N{n % 3}", **more) for n in range(number)]
