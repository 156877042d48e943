"""What happened to a subscription that is tried before its first term."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.billing.domain.subscription.events import Facts, Term


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialEnding:
    """So many days are left of it; with `converts` the first term follows by itself."""

    facts: Facts
    days_left: int
    converts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialConverted:
    """The first term begins, on the day of the conversion."""

    facts: Facts
    term: Term
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialEnded:
    facts: Facts
    at: datetime
