"""Totals that came in parts, until the last one is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from shared.errors import Conflict

Total = TypeVar("Total")


class PartMissing(Conflict):
    """A part of what was told of a usage period is not there: without it the rest says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldParts(Generic[Total]):
    """The first `part` of `parts`."""

    part: int = 0
    parts: int = 0
    totals: tuple[Total, ...] = ()
    event_ids: tuple[str, ...] = ()

    def has(self, part: int, parts: int) -> bool:
        return parts == self.parts and part <= self.part

    def plus(
        self, part: int, parts: int, totals: tuple[Total, ...], event_ids: tuple[str, ...] = ()
    ) -> ToldParts[Total]:
        """The first part begins anew, whatever there was. Raises PartMissing."""
        if part == 1:
            return ToldParts(part=1, parts=parts, totals=totals, event_ids=event_ids)
        if (part, parts) != (self.part + 1, self.parts):
            raise PartMissing(f"part {part} of {parts} came after {self.part} of {self.parts}")
        return ToldParts(
            part=part, parts=parts, totals=(*self.totals, *totals), event_ids=(*self.event_ids, *event_ids)
        )
