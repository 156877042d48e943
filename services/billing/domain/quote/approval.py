"""Who has to agree to a discount: the higher it is, the further up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Literal

from services.billing.domain.agreement import AgreedLine

ApprovalLevel = Literal["manager", "director", "executive"]

# What a sales representative may give without asking.
OWN_LIMIT_PERCENT = Decimal(5)
_LIMITS: tuple[tuple[Decimal, ApprovalLevel], ...] = ((Decimal(15), "manager"), (Decimal(25), "director"))


def highest_discount(lines: Iterable[AgreedLine]) -> Decimal:
    """In percent; the line, or the phase of its ramp, that is given away the most decides for the whole quote."""
    given = (percent for line in lines for percent in (line.discount_percent, *_in_phases(line)))
    return max(given, default=Decimal(0))


def _in_phases(line: AgreedLine) -> Iterator[Decimal]:
    return (phase.discount_percent for phase in line.ramp if phase.discount_percent is not None)


def level_needed(discount_percent: Decimal) -> ApprovalLevel:
    """A manager up to 15 %, a director up to 25 %, an executive above; the limits themselves are still within."""
    return next((level for limit, level in _LIMITS if discount_percent <= limit), "executive")
