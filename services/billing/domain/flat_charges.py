"""The flat charges of an agreed line: what falls due on a billing day, for a full period, and in a year."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from services.billing.domain.agreement import AgreedLine
from services.billing.domain.plan import Charge
from services.billing.domain.pricing.exact import less_percent
from services.billing.domain.pricing.rate import rate
from services.billing.domain.pricing.rated import Rated
from services.billing.domain.pricing.rounding import rounding
from services.billing.domain.proration import WHOLE, Share, share
from services.billing.domain.schedule import BillingPeriod, Rhythm
from services.billing.domain.zones import ZoneChange
from shared.money import Money
from shared.periods import Days, Every

PER_YEAR: dict[Every, int] = {"day": 365, "week": 52, "month": 12, "quarter": 4, "half_year": 2, "year": 1}


@dataclass(frozen=True, slots=True)
class FlatLine:
    """net = list_amount - discount, each rounded once from the exact amount. `period` is what it is charged for.

    `full` is the `quantity` rated for a full period, before the discount; `part` is how much of that is charged.
    """

    charge: Charge
    period: Days
    quantity: Decimal
    full: Rated
    part: Share
    list_amount: Money
    net: Money
    residue: Decimal

    @property
    def discount(self) -> Money:
        return self.list_amount - self.net


@dataclass(frozen=True, slots=True, kw_only=True)
class FlatCharges:
    """`anchor` is the first day of the subscription, from which its billing days are counted if nothing else was agreed.
    `zone` is the one that it began in, `zone_changes` are those of its days."""

    line: AgreedLine
    currency: str
    anchor: date
    zone: str = "UTC"
    zone_changes: tuple[ZoneChange, ...] = ()

    def rhythm(self, charge: Charge | None = None) -> Rhythm:
        """When the line is billed, or the periods of one of its charges."""
        return self.line.rhythm(self.anchor, charge)

    def due(self, on: date, term: Days) -> Iterator[FlatLine]:
        """Flat lines of a billing day's invoice: advance charges of a period that starts, arrears of one that ended.

        Only periods inside the term are charged; those that it cuts are prorated by the plan's policy.
        """
        for charge in self.line.flat:
            day = on if charge.in_advance else on - timedelta(days=1)
            if day not in term:
                continue
            period = self.rhythm(charge).holding(day, term)
            if on == (period.part.start if charge.in_advance else period.part.end):
                yield self.of_period(charge, period)

    def of_period(self, charge: Charge, period: BillingPeriod) -> FlatLine:
        """One charge for one period, at the phase of the ramp in which it begins.

        A full period is never prorated: by `fixed_30` a February would cost 28/30.
        """
        line = self.line.on(period.part.start)
        is_full = period.part == period.nominal
        part = WHOLE if is_full else self.share(period.nominal, period.part)
        return self._line(line, line.charge(charge.code), period.part, part)

    def share(self, nominal: Days, part: Days) -> Share:
        """Of a part of a full period, by the plan's policy; also of a part that is none."""
        return share(self.line.proration, nominal, part, self.zone, self.zone_changes)

    def of_full_period(self) -> tuple[FlatLine, ...]:
        """The flat charges that are billed with every billing period, for a full one."""
        nominal = next(self.rhythm().periods()).nominal
        full, billed = BillingPeriod(nominal, nominal), (None, self.line.every)
        return tuple(self.of_period(charge, full) for charge in self.line.flat if charge.every in billed)

    def annual_value(self) -> Money:
        """The base of a renewal: net of a full period of each flat charge, rounded once, times its periods in a year.

        A year has 12 months, 4 quarters, 52 weeks or 365 days. Usage is no part of it. With a ramp it is the year that
        the last phase comes to.
        """
        line = self.line.at_last()
        return Money.total((self._annual(line, charge) for charge in line.flat), self.currency)

    def full_price(self, charge: Charge) -> Decimal:
        """A full period after the discount, in major units and not rounded; for a line without a ramp."""
        return self._less_discount(self.line, self._full(self.line, charge))

    def _annual(self, line: AgreedLine, charge: Charge) -> Money:
        net, _ = self._net(line, self._full(line, charge), WHOLE)
        return net.times(PER_YEAR[charge.every or line.every])

    def _line(self, line: AgreedLine, charge: Charge, period: Days, part: Share) -> FlatLine:
        quantity, full = _quantity(line, charge), self._full(line, charge)
        net, residue = self._net(line, full, part)
        return FlatLine(charge, period, quantity, full, part, part.of(full.amount, self.currency), net, residue)

    def _full(self, line: AgreedLine, charge: Charge) -> Rated:
        return rate(charge.price, _quantity(line, charge), self.currency, last_of_period=True)

    def _net(self, line: AgreedLine, full: Rated, part: Share) -> tuple[Money, Decimal]:
        """A part of a full period, less the discount, rounded once; and the residue of that."""
        return rounding(self.currency)(part.exactly(self._less_discount(line, full)))

    def _less_discount(self, line: AgreedLine, full: Rated) -> Decimal:
        return less_percent(full.amount, line.discount_percent)


def _quantity(line: AgreedLine, charge: Charge) -> Decimal:
    return Decimal(line.quantity_of(charge.code))
