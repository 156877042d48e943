"""A small JSON path: names one value in an event's data; compiled once, then read a million times."""

from __future__ import annotations

import re
from typing import Any

from shared.errors import DomainError

Steps = tuple[str | int, ...]

_STEP = re.compile(r"""\.([A-Za-z_][A-Za-z0-9_-]*)|\[(0|[1-9][0-9]{0,5})\]|\["([^"\\]+)"\]|\['([^'\\]+)'\]""")
_LONGEST = 256
_DEEPEST = 16


class InvalidPath(DomainError):
    """Not a path of the grammar: `$`, then `.name`, `[0]` or `["any key"]`, at least once."""


def compile_path(text: str, *, field: str) -> Steps:
    """The steps of a path such as `$.flight.legs[0]["tail number"]`; names are keys, numbers places in an array.

    No wildcards, slices, negative places, filters or escapes. Raises InvalidPath with the input's `field`.
    """
    steps: list[str | int] = []
    at = 1
    while text.startswith("$") and len(text) <= _LONGEST and (step := _STEP.match(text, at)):
        name, place, double, single = step.groups()
        steps.append(int(place) if place is not None else name or double or single)
        at = step.end()
    if not steps or at != len(text) or len(steps) > _DEEPEST:
        raise InvalidPath('write the path like $.legs[0]["tail number"]', field=field)
    return tuple(steps)


def read(data: Any, steps: Steps) -> Any:
    """The value at the end of the steps; None where there is none, as for a JSON null."""
    for step in steps:
        if type(data) is dict:
            data = data.get(step)
        elif type(data) is list and type(step) is int and step < len(data):
            data = data[step]
        else:
            return None
    return data
