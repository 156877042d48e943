"""A backfill: a named batch of usage that is loaded, looked at, and then committed as a whole or discarded."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID, uuid5

from shared.decider import CorruptStream, Decider
from shared.errors import Conflict, DomainError, NotFound

Status = Literal["open", "committing", "committed", "discarded"]
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class BackfillNotFound(NotFound):
    """No backfill of this id."""


class InvalidBackfillName(DomainError):
    """A name that cannot be told apart, or read out."""


class BackfillNotOpen(Conflict):
    """It was committed or discarded: what it holds does not change any more."""


class BackfillIsCommitting(Conflict):
    """What was accepted for counting is counted: take events back one by one."""


@dataclass(frozen=True, slots=True)
class Limits:
    """`open` counts batches of a tenant that are neither committed nor discarded; the others are of one batch."""

    open: int = 10
    rows: int = 20_000_000
    bytes: int = 8 * 1024**3
    rejected: int = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of the rows; a new one counts in a period or is unmatched."""

    new: int
    unmatched: int
    repeated: int
    conflicting: int
    rejected: int


@dataclass(frozen=True, slots=True)
class Backfill:
    status: Status
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenBackfill:
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitBackfill:
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishBackfill:
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscardBackfill:
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillOpened:
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillAccepted:
    """Its rows count from here on, whenever a worker gets to them."""

    name: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillCommitted:
    """Every row is counted, and every closed period that they moved is told."""

    name: str
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillDiscarded:
    name: str
    reason: str


BackfillCommand = OpenBackfill | CommitBackfill | FinishBackfill | DiscardBackfill
BackfillEvent = BackfillOpened | BackfillAccepted | BackfillCommitted | BackfillDiscarded


def backfill_id(tenant_id: UUID, name: str) -> UUID:
    """One name is one batch, for ever."""
    return uuid5(tenant_id, f"backfill:{name}")


def decide(backfill: Backfill | None, command: BackfillCommand) -> list[BackfillEvent]:
    match backfill, command:
        case None, OpenBackfill(name=name):
            _check_name(name)
            return [BackfillOpened(name=name)]
        case None, _:
            raise BackfillNotFound("no such backfill")
        case Backfill(), OpenBackfill():
            return []
        case Backfill(status="open", name=name), CommitBackfill(rows=rows):
            return [BackfillAccepted(name=name, rows=rows)]
        case Backfill(status="committing" | "committed"), CommitBackfill():
            return []
        case Backfill(status="committing", name=name), FinishBackfill(outcome=outcome):
            return [BackfillCommitted(name=name, outcome=outcome)]
        case Backfill(status="committed"), FinishBackfill():
            return []
        case Backfill(status="open", name=name), DiscardBackfill(reason=reason):
            return [BackfillDiscarded(name=name, reason=reason)]
        case Backfill(status="discarded"), DiscardBackfill():
            return []
        case Backfill(status="committing" | "committed"), DiscardBackfill():
            raise BackfillIsCommitting("its events count already: take back those that should not, by usage.retracted")
        case _:
            raise BackfillNotOpen("it was discarded: open another one, under another name")


def evolve(backfill: Backfill | None, event: BackfillEvent) -> Backfill:
    match backfill, event:
        case None, BackfillOpened(name=name):
            return Backfill("open", name)
        case Backfill(), BackfillAccepted():
            return replace(backfill, status="committing")
        case Backfill(), BackfillCommitted():
            return replace(backfill, status="committed")
        case Backfill(), BackfillDiscarded():
            return replace(backfill, status="discarded")
        case _:
            raise CorruptStream(backfill, event)


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise InvalidBackfillName(
            "a name of 1 to 100 letters, digits, '.', '_' and '-', beginning with a letter or digit", field="/name"
        )


BACKFILL: Decider[Backfill | None, BackfillCommand, BackfillEvent] = Decider(
    "backfill",
    initial=None,
    decide=decide,
    evolve=evolve,
    event_types={
        "backfill_opened": BackfillOpened,
        "backfill_accepted": BackfillAccepted,
        "backfill_committed": BackfillCommitted,
        "backfill_discarded": BackfillDiscarded,
    },
)
