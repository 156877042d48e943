"""An event as the ledger is told of it: with when it took effect, and what happened to the same stream before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

Event = TypeVar("Event")


@dataclass(frozen=True, slots=True)
class Telling(Generic[Event]):
    """`before` is there where the rule of the event asks for it."""

    event: Event
    occurred_at: datetime
    before: Sequence[Any] = ()
