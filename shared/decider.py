"""The one pattern every aggregate follows: decide what happened, then evolve the state with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Generic, TypeVar

from shared.errors import Conflict

State = TypeVar("State")
Command = TypeVar("Command")
Event = TypeVar("Event")


class NotAllowedNow(Conflict):
    """The command makes no sense in this state."""

    code = "invalid_transition"

    def __init__(self, command: object, state: object):
        super().__init__(f"{type(command).__name__} is not allowed while it is {getattr(state, 'status', state)}")


class CorruptStream(Exception):
    """The stored events contradict each other: a bug, never a user's mistake."""

    def __init__(self, state: object, event: object):
        super().__init__(f"{type(event).__name__} cannot follow {state}")


@dataclass(frozen=True, slots=True)
class Decider(Generic[State, Command, Event]):
    """`event_types` are the names stored in the database: never rename or reuse one.

    `upcasters` turn the data of a name that is no longer written into (name, data) of one that is.
    """

    category: str
    initial: State
    decide: Callable[[State, Command], list[Event]]
    evolve: Callable[[State, Event], State]
    event_types: Mapping[str, type]
    upcasters: Mapping[str, Callable[[dict[str, Any]], tuple[str, dict[str, Any]]]] = field(default_factory=dict)

    def replay(self, events: Iterable[Event]) -> State:
        return reduce(self.evolve, events, self.initial)


AnyDecider = Decider[Any, Any, Any]
