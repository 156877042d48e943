"""Now is a parameter: real time, or the clock of a tenant in test mode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from shared.decider import Decider
from shared.errors import Conflict, DomainError
from shared.event_store import Recorded

LONGEST_MOVE = timedelta(days=62)


class NotInTestMode(Conflict):
    """Test mode is chosen before the first event of the tenant in this service."""


class ClockMovesForwardOnly(DomainError):
    """What has happened cannot be taken back."""


class MoveTooLong(DomainError):
    """A move is at most 62 days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetClock:
    """`untouched` says that the tenant has no event in this service yet: only then may test mode be chosen."""

    now: datetime
    untouched: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSet:
    now: datetime


def decide(now: datetime | None, command: SetClock) -> list[ClockSet]:
    """Raises NotInTestMode, ClockMovesForwardOnly, MoveTooLong. The instant at which it stands already changes nothing."""
    if now is None and not command.untouched:
        raise NotInTestMode("this tenant runs on real time: test mode is chosen before its first event")
    if now is not None and command.now < now:
        raise ClockMovesForwardOnly(f"the clock stands at {now.isoformat()}: give a later instant", field="/now")
    if now is not None and command.now - now > LONGEST_MOVE:
        raise MoveTooLong(f"at most {LONGEST_MOVE.days} days at once: move in steps", field="/now")
    return [] if command.now == now else [ClockSet(now=command.now)]


def evolve(_: datetime | None, event: ClockSet) -> datetime:
    return event.now


TEST_CLOCK: Decider[datetime | None, SetClock, ClockSet] = Decider(
    "test_clock", None, decide, evolve, {"clock_set": ClockSet}
)


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    for entry in recorded:
        if isinstance(entry.event, ClockSet):
            tx.exec_driver_sql(_SET, {"tenant": entry.tenant_id, "now": entry.event.now, "version": entry.version})


def real_now() -> datetime:
    return datetime.now(UTC)


def clock_of(tx: Connection, tenant_id: UUID) -> datetime | None:
    """Where the tenant's test clock stands; None for who is on real time."""
    row = tx.exec_driver_sql("SELECT now FROM test_clocks WHERE tenant_id = %(tenant)s", {"tenant": tenant_id}).first()
    return None if row is None else row.now


def is_untouched(tx: Connection, tenant_id: UUID) -> bool:
    """For who is about to choose test mode: nobody else finds out meanwhile that it cannot be chosen any more."""
    tx.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtextextended(%(tenant)s::text, 17))", {"tenant": tenant_id})
    return tx.exec_driver_sql("SELECT 1 FROM events WHERE tenant_id = %(t)s LIMIT 1", {"t": tenant_id}).first() is None


def is_on_real_time_for_good(tx: Connection, tenant_id: UUID) -> bool:
    """True where an event of the tenant rules out that it ever has a test clock. Somebody who is choosing one in this
    moment may not have seen that event: then this is False, and the next one to ask may learn more."""
    of = {"tenant": tenant_id}
    return bool(tx.exec_driver_sql(_NOBODY_CHOOSES, of).scalar()) and bool(tx.exec_driver_sql(_FOR_GOOD, of).scalar())


# As long as this transaction lasts; the second statement sees all that was chosen before.
_NOBODY_CHOOSES = "SELECT pg_try_advisory_xact_lock(hashtextextended(%(tenant)s::text, 17))"

# What the events say, not the read model, which may be under reconstruction.
_FOR_GOOD = """
SELECT EXISTS (SELECT 1 FROM events WHERE tenant_id = %(tenant)s)
   AND NOT EXISTS (SELECT 1 FROM events WHERE tenant_id = %(tenant)s AND category = 'test_clock')"""

_SET = """
INSERT INTO test_clocks (tenant_id, now, version) VALUES (%(tenant)s, %(now)s, %(version)s)
ON CONFLICT (tenant_id) DO UPDATE SET now = excluded.now, version = excluded.version"""
