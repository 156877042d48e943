"""How a provider is asked: in no transaction, again after a pause when it is away, and what it answers in one of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Engine

from shared.causes import Cause
from shared.clock import clock_of
from shared.event_store import EventStore
from shared.unit_of_work import Session, UnitOfWork


@dataclass(frozen=True, slots=True)
class Pause:
    until: datetime
    length: timedelta


@dataclass(slots=True)
class Pauses:
    """What is asked again later, each time after twice as long."""

    real_now: Callable[[], datetime]
    first: timedelta
    longest: timedelta
    by_key: dict[UUID, Pause] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.by_key)

    def keep(self, keys: Iterable[UUID]) -> None:
        """What is not asked any more is forgotten."""
        kept = set(keys)
        self.by_key = {key: pause for key, pause in self.by_key.items() if key in kept}

    def is_over(self, key: UUID) -> bool:
        return key not in self.by_key or self.real_now() >= self.by_key[key].until

    def begin(self, key: UUID) -> None:
        before = self.by_key.get(key)
        length = self.first if before is None else min(2 * before.length, self.longest)
        self.by_key[key] = Pause(self.real_now() + length, length)


@contextmanager
def unit_of(
    engine: Engine,
    store: EventStore,
    real_now: Callable[[], datetime],
    tenant_id: UUID,
    *,
    principal: str,
    key: UUID,
    asked_at: datetime | None = None,
) -> Iterator[UnitOfWork]:
    """In a tenant with a test clock an answer takes no time: it comes at the instant at which it was asked for."""
    with engine.begin() as tx:
        clock, now = clock_of(tx, tenant_id), real_now()
        occurred_at = asked_at if clock and asked_at else clock or now
        context = {"principal": principal, "correlation_id": str(key), "causation_id": str(key)}
        session = Session(tx, store)
        yield UnitOfWork(session, Cause(tenant_id, occurred_at, clock or now, context))
        with session.finishing():
            pass
