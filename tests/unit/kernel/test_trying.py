"""What was decided is forgotten where it is refused, and what others of the session decided is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

import pytest

from shared.causes import Cause
from shared.decider import Decider
from shared.errors import DomainError
from shared.event_store import EventStore, Recorded, Stream
from shared.unit_of_work import AlreadyWritten, Session, UnitOfWork

NOW = datetime(2031, 1, 1, tzinfo=UTC)
ANN, BEA = UUID(int=1), UUID(int=2)


@dataclass(frozen=True)
class Counted:
    by: int


def decide(state: int, by: int) -> list[Counted]:
    if state + by > 3:
        raise DomainError("no more than three")
    return [Counted(by)]


COUNTER: Decider[int, int, Counted] = Decider(
    "counter", 0, decide, lambda state, event: state + event.by, {"counted": Counted}
)


class Memory(EventStore):
    """Keeps nothing: streams begin anew."""

    def load_many(self, tx: Any, decider: Any, tenant_id: UUID, ids: Sequence[UUID]) -> dict[UUID, Stream]:
        return {id_: Stream(decider.initial) for id_ in ids}

    def append_many(self, tx: Any, recorded: Sequence[Recorded]) -> None:
        pass


def unit() -> UnitOfWork:
    return UnitOfWork(Session(cast("Any", None), Memory([COUNTER])), Cause(UUID(int=9), NOW, NOW, {}))


def counted(one: UnitOfWork, *steps: tuple[UUID, int], then_written: bool = False) -> None:
    with one.session.trying():
        for stream, by in steps:
            one.execute(COUNTER, stream, by)
            if then_written:
                one.session.flush()


def test_what_one_decided_before_it_was_refused_is_forgotten() -> None:
    one = unit()
    counted(one, (ANN, 1))
    with pytest.raises(DomainError):
        counted(one, (ANN, 1), (BEA, 1), (ANN, 9))
    assert (one.state(COUNTER, ANN), one.state(COUNTER, BEA)) == (1, 0)
    (left,) = one.session.pending
    assert (left.key.stream_id, left.version) == (ANN, 1)


def test_what_was_written_is_not_forgotten() -> None:
    with pytest.raises(AlreadyWritten):
        counted(unit(), (ANN, 1), (ANN, 9), then_written=True)
