"""How a provider is asked: in no transaction, again after a pause when it is away, and what it answers in one of its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Generic, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import Connection, Engine

from shared.causes import Cause
from shared.clock import clock_of
from shared.event_store import EventStore
from shared.unit_of_work import Session, UnitOfWork

AT_ONCE = 20
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(minutes=5)


class Waiting(Protocol):
    """What a provider is to be asked for, by the key that it is asked with."""

    @property
    def tenant_id(self) -> UUID: ...

    @property
    def key(self) -> UUID: ...


Wanted = TypeVar("Wanted", bound=Waiting)
Provider = TypeVar("Provider")


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


@dataclass(frozen=True)
class Asking(ABC, Generic[Wanted, Provider]):
    """A provider is asked with a key of ours, so that whoever asks again after a crash, or at the same time, gets the same
    answer. One that is away is asked again after a while, and holds up nobody else."""

    principal: ClassVar[str]

    engine: Engine
    store: EventStore
    providers: Mapping[str, Provider]
    real_now: Callable[[], datetime]
    pauses: Pauses = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pauses", Pauses(self.real_now, FIRST_PAUSE, LONGEST_PAUSE))

    def step(self) -> int:
        with self.engine.connect() as tx:
            waiting = self.waiting(tx, AT_ONCE + len(self.pauses))
        self.pauses.keep(each.key for each in waiting)
        return sum(self.ask(each) for each in waiting if self.pauses.is_over(each.key))

    @abstractmethod
    def waiting(self, tx: Connection, at_most: int) -> Sequence[Wanted]: ...

    @abstractmethod
    def ask(self, waiting: Wanted) -> bool:
        """Whether there was an answer."""

    def unit(self, waiting: Wanted, asked_at: datetime | None = None) -> AbstractContextManager[UnitOfWork]:
        return unit_of(
            self.engine,
            self.store,
            self.real_now,
            waiting.tenant_id,
            principal=self.principal,
            key=waiting.key,
            asked_at=asked_at,
        )
