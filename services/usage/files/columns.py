"""What the columns of a table mean: attributes of an event by their names, and its data under `data`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from services.usage.files.lines import MalformedFile

MOST_COLUMNS = 200
REQUIRED = ("id", "source", "type", "subject", "time")
DATA = "data"
_PREFIX = "data."
_JSON = msgspec.json.Decoder(msgspec.Raw)


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each attribute stands, where the data's JSON stands, if it does, and where single values of it."""

    count: int
    attributes: tuple[tuple[str, int], ...]
    data: int | None
    values: tuple[tuple[str, int], ...]

    def text(self, cells: Sequence[Any]) -> bytes:
        """The event of a row as JSON; a cell that is empty or None says nothing. Raises ValueError where data is none."""
        event: dict[str, Any] = {"specversion": "1.0"}
        for name, at in self.attributes:
            event[name] = cells[at]
        if self.data is None:
            event[DATA] = {name: cells[at] for name, at in self.values if cells[at] is not None and cells[at] != ""}
        elif cells[self.data]:
            event[DATA] = _JSON.decode(cells[self.data])
        return msgspec.json.encode(event)


def columns_of(names: Sequence[str]) -> Columns:
    """Raises MalformedFile, which names the column."""
    if len(names) > MOST_COLUMNS:
        raise MalformedFile(f"{len(names)} columns: at most {MOST_COLUMNS}", field="/columns")
    for name in names:
        if names.count(name) > 1:
            raise _wrong(name, "is there twice")
        if name not in (*REQUIRED, DATA) and not (name.startswith(_PREFIX) and len(name) > len(_PREFIX)):
            raise _wrong(name, "means nothing: id, source, type, subject, time, data, or data.NAME")
    if missing := [name for name in REQUIRED if name not in names]:
        raise MalformedFile(f"no column {missing[0]}", field=f"/columns/{missing[0]}")
    values = tuple((name.removeprefix(_PREFIX), at) for at, name in enumerate(names) if name.startswith(_PREFIX))
    if values and DATA in names:
        raise _wrong(DATA, "is all of the data: leave it away, or the columns data.NAME")
    places = tuple((name, names.index(name)) for name in REQUIRED)
    return Columns(len(names), places, names.index(DATA) if DATA in names else None, values)


def _wrong(name: str, what: str) -> MalformedFile:
    shown = name[:50] if name.isprintable() else "?"
    return MalformedFile(f"the column {shown!r} {what}", field=f"/columns/{shown}")
