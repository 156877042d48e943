"""Prices, parts of periods and periods as they are tried out: what is sent, and what is answered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, Field, StrictBool

from services.billing.api.amounts import PlainDecimal, rounding_read
from services.billing.api.catalogue.plan_forms import ExactForm, Form
from services.billing.api.invoices.invoice_forms import CreditUseOut, TierOut
from services.billing.domain.pricing.evaluation import Evaluated, Usage
from services.billing.domain.pricing.price import Price
from services.billing.domain.pricing.rated import BilledBefore, CreditUse, Rated, TierUse
from services.billing.domain.proration import ProrationPolicy, Share
from shared.http.fields import Day, DecimalText
from shared.money import Money
from shared.periods import Days, Every

MOST_EVENTS = 10_000
MOST_GROUPS = 1_000
MOST_PERIODS = 1_000

CurrencyCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Zone = Annotated[str, Field(min_length=1, max_length=100)]
Group = Annotated[str, Field(max_length=500)]
# `25/28`, or a whole number of periods.
Part = Annotated[str, Field(pattern=r"^[0-9]{1,9}(/[1-9][0-9]{0,8})?$")]


class BilledBeforeForm(Form):
    """What earlier slices of the period carried: the metered quantity, and the amount in major units."""

    quantity: DecimalText
    amount: DecimalText


class PriceTrial(ExactForm):
    """`quantity`, or `events` (the value of each, in major units), or `groups` (quantities): one of the three."""

    currency: CurrencyCode
    price: Price
    quantity: DecimalText | None = None
    events: Annotated[list[DecimalText], Field(max_length=MOST_EVENTS)] | None = None
    groups: Annotated[dict[Group, DecimalText], Field(max_length=MOST_GROUPS)] | None = None
    billed_before: BilledBeforeForm | None = None
    last_of_period: StrictBool = False

    def usage(self) -> Usage:
        return Usage(quantity=self.quantity, events=self.events, groups=self.groups)

    def before(self) -> BilledBefore | None:
        sent = self.billed_before
        return None if sent is None else BilledBefore(sent.quantity, sent.amount)


class RatedLineOut(BaseModel):
    """`amount` is exact, in major units; amount - residue is `amount_minor`. `clamped_from` is the negative quantity
    that was priced as zero."""

    group: str
    amount: PlainDecimal
    amount_minor: int
    residue: PlainDecimal
    discount: PlainDecimal
    minimum_line: PlainDecimal
    clamped_from: PlainDecimal | None
    credits: CreditUseOut | None
    tiers: list[TierOut]
    reading: list[str]


class PriceAnswer(BaseModel):
    """Sums of the `lines`: one for each group, or the one of usage without groups. `groups` are their amounts."""

    amount: PlainDecimal
    amount_minor: int
    residue: PlainDecimal
    discount: PlainDecimal
    minimum_line: PlainDecimal
    groups: dict[str, PlainDecimal]
    tiers: list[TierOut]
    lines: list[RatedLineOut]


def price_answer(evaluated: Evaluated, by_group: bool) -> PriceAnswer:
    lines = [_line(group, line, evaluated.currency) for group, line in evaluated.lines.items()]
    return PriceAnswer(
        amount=evaluated.amount,
        amount_minor=evaluated.amount_money.minor,
        residue=evaluated.residue,
        discount=evaluated.discount,
        minimum_line=evaluated.minimum_line,
        groups={line.group: line.amount for line in lines} if by_group else {},
        tiers=[tier for line in lines for tier in line.tiers],
        lines=lines,
    )


def _line(group: str, line: Rated, currency: str) -> RatedLineOut:
    tiers = [tier_out(use) for use in line.tiers]
    credits = credits_out(line.credits)
    rounded = rounding_read(line.amount_money.minor, currency, line.residue)
    return RatedLineOut(
        group=group,
        amount=line.amount,
        amount_minor=line.amount_money.minor,
        residue=line.residue,
        discount=line.discount,
        minimum_line=line.minimum_line,
        clamped_from=line.clamped_from,
        credits=credits,
        tiers=tiers,
        reading=[*steps_read(tiers, credits, currency), rounded],
    )


def steps_read(tiers: Iterable[TierOut], credits: CreditUseOut | None, currency: str) -> Iterator[str]:
    """The tiers in words, and what units of the seller's own come to in money."""
    unit = currency if credits is None else credits.code
    yield from (tier.reading(unit) for tier in tiers)
    if credits is not None:
        yield credits.reading(currency)


def credits_out(use: CreditUse | None) -> CreditUseOut | None:
    if use is None:
        return None
    return CreditUseOut(code=use.code, quantity=use.quantity, unit_amount=use.unit_amount)


def tier_out(use: TierUse) -> TierOut:
    return TierOut(**{name: getattr(use, name) for name in TierOut.model_fields})


class DaysForm(Form):
    """The local days from `starts_on` up to, not including, `ends_on`."""

    starts_on: Day
    ends_on: Day

    def days(self) -> Days:
        return Days(self.starts_on, self.ends_on)


class ProrationTrial(Form):
    """`amount` of the full nominal `period`, in major units. `zone` counts with the policy `seconds` only."""

    currency: CurrencyCode
    amount: DecimalText
    policy: ProrationPolicy
    period: DaysForm
    part: DaysForm
    zone: Zone = "UTC"


class ProrationAnswer(BaseModel):
    """`amount` = full amount x numerator / denominator, to 60 digits; `amount_minor` is rounded half away from zero."""

    amount: PlainDecimal
    amount_minor: int
    numerator: int
    denominator: int


def proration_answer(share: Share, amount: Decimal, currency: str) -> ProrationAnswer:
    return ProrationAnswer(
        amount=share.exactly(amount),
        amount_minor=share.of(amount, currency).minor,
        numerator=share.numerator,
        denominator=share.denominator,
    )


class PeriodsTrial(Form):
    """With `calendar` the periods are those of the calendar, and the first one begins on `anchor_on` nevertheless."""

    anchor_on: Day
    every: Every
    calendar: StrictBool = False
    count: Annotated[int, Field(strict=True, ge=1, le=MOST_PERIODS)]


class PeriodsAnswer(BaseModel):
    """Half-open: each period ends on the day on which the next one starts."""

    periods: list[Annotated[list[date], Field(min_length=2, max_length=2)]]


class TrueUpTrial(Form):
    """`part` of the commitment and `charges_part` of the charges hold, as fractions such as `25/28`."""

    currency: CurrencyCode = "EUR"
    commitment: DecimalText
    part: Part
    charges: DecimalText
    charges_part: Part


class TrueUpAnswer(BaseModel):
    true_up_minor: int


def share_of(part: str) -> Share:
    numerator, _, denominator = part.partition("/")
    return Share(int(numerator), int(denominator or 1))


def true_up_answer(money: Money) -> TrueUpAnswer:
    return TrueUpAnswer(true_up_minor=money.minor)
