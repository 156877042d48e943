"""A price tried on usage that somebody names: rated like a line of an invoice, and nothing is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from services.billing.domain.pricing.events import SliceNotPossible, rate_events
from services.billing.domain.pricing.exact import total
from services.billing.domain.pricing.price import Price
from services.billing.domain.pricing.rate import Rating
from services.billing.domain.pricing.rated import BilledBefore, Rated
from services.billing.domain.pricing.validation import validate
from shared.errors import DomainError
from shared.money import Money

NO_GROUP = ""


class UsageUnclear(DomainError):
    """Usage is a quantity, or the values of events, or quantities by group: one of the three."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What was metered. `events` are values in major units, in their order."""

    quantity: Decimal | None = None
    events: Sequence[Decimal] | None = None
    groups: Mapping[str, Decimal] | None = None


@dataclass(frozen=True, slots=True)
class Evaluated:
    """Lines by group; usage without groups is one line, of no group. Sums are those of the lines as they are rounded."""

    currency: str
    lines: Mapping[str, Rated]

    @property
    def amount(self) -> Decimal:
        return total(line.amount for line in self.lines.values())

    @property
    def amount_money(self) -> Money:
        return Money.total((line.amount_money for line in self.lines.values()), self.currency)

    @property
    def residue(self) -> Decimal:
        return total(line.residue for line in self.lines.values())

    @property
    def discount(self) -> Decimal:
        return total(line.discount for line in self.lines.values())

    @property
    def minimum_line(self) -> Decimal:
        return total(line.minimum_line for line in self.lines.values())


def evaluate(
    price: Price,
    currency: str,
    usage: Usage,
    billed_before: BilledBefore | None = None,
    *,
    last_of_period: bool = False,
) -> Evaluated:
    """Check the price and rate the usage with it; see `Rating.line`. Each group is rated and rounded by itself.

    Raises what `validate` raises, with pointers below `/price`, and `UsageUnclear`.
    """
    validate(price, "/price")
    rating = Rating.of(price, currency)
    if sum(part is not None for part in (usage.quantity, usage.events, usage.groups)) != 1:
        raise UsageUnclear("give one of quantity, events and groups", field="/quantity")
    if usage.groups is not None:
        if billed_before is not None:
            raise SliceNotPossible("evaluate each group by itself, or leave billed_before out", field="/billed_before")
        return Evaluated(currency, rating.groups(usage.groups, last_of_period=last_of_period))
    if usage.events is not None:
        line = rate_events(price, usage.events, currency, billed_before, last_of_period=last_of_period)
    else:
        assert usage.quantity is not None  # it is the one that was given
        line = rating.line(usage.quantity, billed_before, last_of_period=last_of_period)
    return Evaluated(currency, {NO_GROUP: line})
