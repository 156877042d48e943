"""Two clocks: what had taken effect by one instant, as far as it was known at another.

A read model has only what is. To see what was, the history of one stream is told to its projection again, up to the
moment, in the place of the live rows; once they were read, that is taken back. So what was is answered by the same code
as what is, and a projection has no second version that could say something else.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, delete

from shared.causes import Cause
from shared.decider import AnyDecider
from shared.errors import DomainError
from shared.event_store import Subscriber
from shared.unit_of_work import UnitOfWork


class FutureInstant(DomainError):
    """Nobody knows yet."""


@dataclass(frozen=True, slots=True)
class Moment:
    """`as_of` is about when things took effect, `known_at` about when we learned of them; None is now."""

    as_of: datetime | None = None
    known_at: datetime | None = None

    @property
    def is_now(self) -> bool:
        return self.as_of is None and self.known_at is None

    def is_after(self, cause: Cause) -> bool:
        """Whether what happened for this cause belongs to what is seen from here."""
        took_effect = self.as_of is None or cause.occurred_at <= self.as_of
        return took_effect and (self.known_at is None or cause.recorded_at <= self.known_at)

    def check(self, now: datetime) -> None:
        """Raises FutureInstant."""
        not_after(now, "as_of", self.as_of)
        not_after(now, "known_at", self.known_at)


def not_after(now: datetime, name: str, instant: datetime | None) -> None:
    """`name` is the query parameter. Raises FutureInstant."""
    if instant is not None and instant > now:
        raise FutureInstant(f"{name} must not be after {now.isoformat()}", field=f"/{name}")


@dataclass(frozen=True, slots=True)
class PlayedBack:
    """How rows come about: by `project`, of the stream that `stream_id` names, a column of their table."""

    decider: AnyDecider
    project: Subscriber
    stream_id: Column[UUID]

    @contextmanager
    def at(self, unit: UnitOfWork, stream_id: UUID, moment: Moment) -> Iterator[None]:
        """Within it the rows are as they were. Who changes them meanwhile waits for the end of it. Raises FutureInstant."""
        moment.check(unit.now)
        if moment.is_now:
            yield
            return
        history = [entry for entry in unit.history(self.decider, stream_id) if moment.is_after(entry.cause)]
        with unit.tx.begin_nested() as aside:
            table = self.stream_id.table
            unit.tx.execute(delete(table).where(table.c.tenant_id == unit.tenant_id, self.stream_id == stream_id))
            self.project(unit.tx, history)
            yield
            aside.rollback()
