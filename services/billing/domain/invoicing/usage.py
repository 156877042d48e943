"""The usage lines of one billing period: what the meters closed with, rated charge by charge and group by group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from services.billing.domain.charge_rating import ChargeRating
from services.billing.domain.plan import Charge
from services.billing.domain.pricing.price import ZERO
from services.billing.domain.pricing.rated import Rated
from shared.money import Money

NO_GROUP = ""


@dataclass(frozen=True, slots=True)
class UsageLine:
    """`quantity` is what was metered, before allowances and packages."""

    charge: Charge
    group: str
    quantity: Decimal
    rated: Rated

    @property
    def net(self) -> Money:
        return self.rated.amount_money

    @property
    def tax_rates(self) -> tuple[str, ...]:
        return self.charge.tax_rates


@dataclass(frozen=True, slots=True)
class UsageRating:
    """The metered charges of one price list, made ready once for all subscriptions of a bill run."""

    ratings: tuple[ChargeRating, ...]

    @classmethod
    def of(cls, charges: Iterable[Charge], currency: str) -> UsageRating:
        metered = (charge for charge in charges if charge.kind == "metered")
        return cls(tuple(ChargeRating(charge, currency) for charge in metered))

    def lines(self, quantities: Mapping[str, Mapping[str, Decimal]]) -> Iterator[UsageLine]:
        """Lines in the order of the charges, groups by name. `quantities` are by charge code, then by group.

        A charge without groups that has no quantity is rated at zero; a charge by group has a line for each group that
        was used and none without usage.
        """
        for rating in self.ratings:
            charge = rating.charge
            unused = {} if charge.group_by else {NO_GROUP: ZERO}
            for group, quantity in sorted((quantities.get(charge.code) or unused).items()):
                yield UsageLine(charge, group, quantity, rating.period(group, quantity, count=0))
