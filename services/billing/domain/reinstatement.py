"""What renewing after the grace days costs on top of the back-dated term."""

from __future__ import annotations

from decimal import Decimal

from services.billing.domain.proration import Share
from shared.errors import DomainError
from shared.money import EXACT, Money
from shared.periods import Days


class NegativePercent(DomainError):
    """A fee is not paid out."""


def reinstatement_fee(annual: Money, percent: Decimal, lapsed: Days, new_term: Days) -> Money:
    """percent of (new annual flat value x lapsed days / days of the new term), rounded half away from zero once.

    `lapsed` runs from the end of the old term to the local day of acceptance; `percent` 20 is 20 %. Never below zero
    and never above one year's value. It is a line of class `penalty` and no part of the booked value.
    """
    if percent < 0:
        raise NegativePercent("give zero or more", field="/reinstatement_fee_percent")
    lapsed_days = max(0, (lapsed.end - lapsed.start).days)
    fee = Share(lapsed_days, len(new_term)).of(EXACT.multiply(annual.major, percent.scaleb(-2, EXACT)), annual.currency)
    return min(fee, annual)
