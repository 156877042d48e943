"""Events are kept by month of arrival: a month is made before its first event comes, in a transaction of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from psycopg.errors import CheckViolation
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

LONGEST_MONTH = timedelta(days=31)


class MonthGone(Exception):
    """A month was archived since it was seen last; it is made again with the next try."""


def month_of(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def following(month: datetime) -> datetime:
    return month_of(month + LONGEST_MONTH)


@dataclass(frozen=True, slots=True)
class Months:
    """Those that one process knows to be there."""

    known: set[datetime] = field(default_factory=set)

    @contextmanager
    def there(self, engine: Engine, instants: Iterable[datetime]) -> Iterator[None]:
        """For as long as events that arrived at these instants are stored. Raises MonthGone."""
        self.make(engine, instants)
        try:
            yield
        except IntegrityError as error:
            if not isinstance(error.orig, CheckViolation):
                raise
            self.known.clear()
            raise MonthGone from error

    def make(self, engine: Engine, instants: Iterable[datetime]) -> None:
        for month in sorted({month_of(instant) for instant in instants} - self.known):
            with engine.begin() as tx:
                make_month(tx, month)
            self.known.add(month)


def make_month(tx: Connection, month: datetime) -> bool:
    """False where its place is there already. Nobody who reads or writes events is locked out."""
    return tx.exec_driver_sql("SELECT make_usage_event_month(%(month)s)", {"month": month}).scalar_one() is not None


def missing_months(tx: Connection, now: datetime) -> list[datetime]:
    """Of this month and the next one those that have no place yet."""
    wanted = [month_of(now), following(month_of(now))]
    return [row.month for row in tx.exec_driver_sql(_MISSING, {"months": wanted})]


_MISSING = """
SELECT month FROM unnest(%(months)s::timestamptz[]) AS month
WHERE NOT EXISTS (SELECT FROM usage_event_partitions WHERE starts_at <= month AND month < ends_at)"""
