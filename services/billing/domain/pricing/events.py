"""Rating of usage whose events carry the values: percentage of each, or the sum of all."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from services.billing.domain.pricing.exact import total
from services.billing.domain.pricing.percentage import per_event
from services.billing.domain.pricing.price import ZERO, Price, required
from services.billing.domain.pricing.rate import Rating
from services.billing.domain.pricing.rated import BilledBefore, Rated
from shared.errors import DomainError


class EventsNotPriced(DomainError):
    """This model prices a quantity; the values of single events say nothing to it."""


class SliceNotPossible(DomainError):
    """A price per event needs all events of the period, because what is free is used up in their order."""


def rate_events(
    price: Price,
    values: Sequence[Decimal],
    currency: str,
    billed_before: BilledBefore | None = None,
    *,
    last_of_period: bool = False,
) -> Rated:
    """Rate the values (major units) of one period's events, in their order.

    percentage prices each event (a negative value counts as zero); graduated_percentage and dynamic price the sum.
    Discount percent, maximum, minimum and rounding are those of `Rating.line`.
    """
    rating = Rating.of(price, currency)
    if price.model in ("dynamic", "graduated_percentage"):
        return rating.line(total(values), billed_before, last_of_period=last_of_period)
    if price.model != "percentage":
        raise EventsNotPriced(f"give a quantity: {price.model} does not price single events", field="/events")
    if billed_before is not None:
        raise SliceNotPossible("send all events of the period and leave billed_before out", field="/billed_before")
    priced = per_event(required(price.percentage, "/percentage"), [max(ZERO, value) for value in values])
    clamped = total(value for value in values if value < ZERO)
    return rating.finish(priced, None, last_of_period, clamped or None)
