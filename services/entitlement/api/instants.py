"""Past instants that a question may be asked as of."""

from __future__ import annotations

from datetime import datetime

from shared.errors import DomainError
from shared.unit_of_work import UnitOfWork


class FutureInstant(DomainError):
    """What will be known is not known."""


def not_after_now(unit: UnitOfWork, as_of: datetime | None) -> datetime | None:
    if as_of is not None and as_of > unit.now:
        raise FutureInstant(f"as_of must not be after {unit.now.isoformat()}", field="/as_of")
    return as_of
