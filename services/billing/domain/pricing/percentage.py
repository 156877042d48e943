"""Percentage: a share of the value of each event, after what is free, within limits per event."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import islice

from services.billing.domain.pricing.exact import total
from services.billing.domain.pricing.per_unit import at
from services.billing.domain.pricing.price import ZERO, Percentage, Price, required
from services.billing.domain.pricing.rated import Priced, PricingModel, TierUse
from shared.errors import DomainError
from shared.money import EXACT


class EventsNeeded(DomainError):
    """What is free or fixed per event cannot be told from a total."""


def model(price: Price) -> PricingModel:
    """The share of a total value, possible only where nothing is free, fixed or limited per event."""
    percentage = required(price.percentage, "/percentage")
    if percentage == Percentage(rate=percentage.rate):
        return at(percentage.rate)
    return _refuse_total


def _refuse_total(_: Decimal) -> Priced:
    raise EventsNeeded("give the value of each event: this percentage has parts per event", field="/events")


def per_event(percentage: Percentage, values: Iterable[Decimal]) -> Priced:
    """Free events first, then free value in the order of events; an event that is free as a whole pays no fixed fee.

    Minimum and maximum hold for each event that is charged, after rate and fee. One use sums up all charged value;
    its flat amount is what fees and limits added to (or took from) the plain share.
    """
    charged = list(_charged_values(percentage, values))
    value, amount = total(charged), total(_event_amount(percentage, one) for one in charged)
    added = EXACT.subtract(amount, EXACT.multiply(value, percentage.rate))
    use = TierUse(ZERO, None, value, percentage.rate, added, amount)
    return amount, (use,) if charged else ()


def _charged_values(percentage: Percentage, values: Iterable[Decimal]) -> Iterator[Decimal]:
    free_value = percentage.free_value
    for value in islice(values, percentage.free_events, None):
        free = min(free_value, value)
        if not free_value or value > free:
            yield EXACT.subtract(value, free)
        free_value = EXACT.subtract(free_value, free)


def _event_amount(percentage: Percentage, value: Decimal) -> Decimal:
    amount = EXACT.fma(value, percentage.rate, percentage.fixed_per_event)
    if percentage.minimum_per_event is not None:
        amount = max(amount, percentage.minimum_per_event)
    if percentage.maximum_per_event is not None:
        amount = min(amount, percentage.maximum_per_event)
    return amount
