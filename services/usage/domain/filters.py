"""Which events a meter counts: every filter of the meter has to hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from services.usage.domain.json_path import Steps, compile_path, read
from services.usage.domain.values import quantity_of, text_of
from shared.errors import DomainError

Condition = Callable[[Any], bool]
_MOST_VALUES = 1000


class InvalidFilter(DomainError):
    """A filter lacks what its operator needs, or carries what it does not use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """`equal` and `in` compare by text, so that 3 and "3" are equal; `range` is half-open: at_least <= value < below.

    `exists` holds where the path leads to a value that is not null.
    """

    path: str
    operator: Literal["equal", "in", "range", "exists"]
    values: tuple[str, ...] = ()
    at_least: Decimal | None = None
    below: Decimal | None = None


def compile_filter(filter_: Filter, *, field: str) -> Condition:
    """A function of the event's data. Raises InvalidFilter or InvalidPath with the input's `field`."""
    steps = compile_path(filter_.path, field=f"{field}/path")
    _check(filter_, field)
    match filter_.operator:
        case "equal" | "in":
            return _is_one_of(steps, frozenset(filter_.values))
        case "range":
            return _lies_between(steps, filter_.at_least, filter_.below)
        case "exists":
            return lambda data: read(data, steps) is not None


def _check(filter_: Filter, field: str) -> None:
    bounds = [bound for bound in (filter_.at_least, filter_.below) if bound is not None]
    fewest, most = {"equal": (1, 1), "in": (1, _MOST_VALUES)}.get(filter_.operator, (0, 0))
    if not fewest <= len(filter_.values) <= most:
        raise InvalidFilter(f"{filter_.operator} takes {fewest} to {most} values", field=f"{field}/{filter_.operator}")
    if bool(bounds) != (filter_.operator == "range"):
        raise InvalidFilter("range, and only range, takes at_least, below or both", field=f"{field}/range")
    if any(quantity_of(bound) is None for bound in bounds) or (len(bounds) == 2 and bounds[0] >= bounds[1]):
        raise InvalidFilter("at_least has to be a quantity less than below", field=f"{field}/range")


def _is_one_of(steps: Steps, allowed: frozenset[str]) -> Condition:
    return lambda data: text_of(read(data, steps)) in allowed


def _lies_between(steps: Steps, at_least: Decimal | None, below: Decimal | None) -> Condition:
    def lies_between(data: Any) -> bool:
        value = quantity_of(read(data, steps))
        return value is not None and (at_least is None or value >= at_least) and (below is None or value < below)

    return lies_between
