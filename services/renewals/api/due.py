"""The days within which terms are due, as questions name them."""

from __future__ import annotations

from datetime import date

from shared.errors import DomainError


class EmptyPeriod(DomainError):
    """A period ends after it begins."""


def check_due(due_from: date | None, due_to: date | None) -> None:
    """Of `[due_from, due_to)`; without an end it is open there. Raises EmptyPeriod."""
    if due_from is not None and due_to is not None and due_to <= due_from:
        raise EmptyPeriod("due_to must be after due_from", field="/due_to")
