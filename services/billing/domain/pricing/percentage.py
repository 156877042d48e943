"""Percentage: a share of the value of each event, after what is free, within limits per event."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import islice

from services.billing.domain.pricing.exact import total
from services.billing.domain.pricing.price import ZERO, Percentage, Price, required
from services.billing.domain.pricing.rated import Priced, PricingModel, TierUse
from shared.errors import DomainError
from shared.money import EXACT


class EventsNeeded(DomainError):
    """What is free or fixed per event cannot be told from a total."""


def model(price: Price) -> PricingModel:
    """The share of a total value, possible only where nothing is fixed or limited per event, and no event is free."""
    percentage = required(price.percentage, "/percentage")
    if percentage.fixed_per_event or part_per_event(percentage):
        return _refuse_total
    return lambda value: of_total(percentage, value, 0)


def _refuse_total(_: Decimal) -> Priced:
    raise EventsNeeded("give the value of each event: this percentage has parts per event", field="/events")


def part_per_event(percentage: Percentage) -> str | None:
    """The part, if there is one, for which the total value and the number of events of a period do not suffice."""
    for name in ("free_events", "minimum_per_event", "maximum_per_event"):
        if getattr(percentage, name):
            return name
    return "free_value" if percentage.free_value and percentage.fixed_per_event else None


def of_total(percentage: Percentage, value: Decimal, count: int) -> Priced:
    """The price of a whole period: of its total value beyond what is free, and of its number of events.

    Where no event is worth less than zero it is what `per_event` makes of the single values, whatever their order.
    """
    if part_per_event(percentage) is not None:
        return _refuse_total(value)
    charged = max(ZERO, EXACT.subtract(value, percentage.free_value))
    added = EXACT.multiply(Decimal(count), percentage.fixed_per_event)
    amount = EXACT.fma(charged, percentage.rate, added)
    return amount, (TierUse(ZERO, None, charged, percentage.rate, added, amount),) if charged or added else ()


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
