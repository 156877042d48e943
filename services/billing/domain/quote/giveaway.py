"""What an offer gives away, of all that the customer may choose: percent, amount and what is left of the margin."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import ROUND_FLOOR, Decimal

from services.billing.domain.agreed_one_off import NO_ONE_OFFS, AgreedOneOff, OneOffs, charged
from services.billing.domain.agreement import AgreedLine, Party
from services.billing.domain.flat_charges import PER_YEAR, FlatCharges
from services.billing.domain.offered_line import COUPON
from services.billing.domain.plan import Charge
from services.billing.domain.pricing.exact import total
from services.billing.domain.quote.approval import GivenAway
from services.billing.domain.quote.papers import NO_PAPERS, Papers
from services.billing.domain.quote_totals import quote_totals
from shared.money import EXACT, Money
from shared.periods import plus_months

_MARGIN_PLACES = Decimal("0.0001")
_NOTHING_LEFT = Decimal(-100)


def given_away(
    choices: Sequence[Sequence[AgreedLine]], party: Party, papers: Papers = NO_PAPERS, one_offs: OneOffs = NO_ONE_OFFS
) -> GivenAway:
    """`choices` are the quote's own lines and those of each alternative; the one that gives away the most counts. What is
    charged once comes with each of them.

    Coupons are published by whoever keeps the catalogue: they count in neither percent nor amount nor margin.
    """
    lines = [line for choice in choices for line in choice]
    return GivenAway(
        discount_percent=max([highest_discount(lines), *(item.discount_percent for item in one_offs.items)]),
        discount=max(_own_discounts(choice, party, one_offs) for choice in choices),
        margin_percent=lowest_margin(lines, party.currency, one_offs.items),
        clauses=papers.codes,
    )


def highest_discount(lines: Iterable[AgreedLine]) -> Decimal:
    """In percent; the line, or the phase of its ramp, that is given away the most decides for the whole quote."""
    return max((state.discount_percent for line in lines for state in _states(line)), default=Decimal(0))


def lowest_margin(lines: Iterable[AgreedLine], currency: str, items: Iterable[AgreedOneOff] = ()) -> Decimal | None:
    """In percent of the price after discount, of the flat charges whose cost is known; of the line, the phase, or what is
    charged once, that leaves the least. Rounded down to 4 places, so that a limit is never met by rounding; at least -100."""
    margins = [_margin(state, currency) for line in lines for state in _states(line)]
    margins += (_margin_once(item, currency) for item in items)
    return min((margin for margin in margins if margin is not None), default=None)


def _states(line: AgreedLine) -> Iterator[AgreedLine]:
    """The line in each of its phases."""
    yield replace(line, ramp=())
    for phase in line.ramp:
        yield line.on(plus_months(line.starts_on, phase.after_months))


def _margin(line: AgreedLine, currency: str) -> Decimal | None:
    costed = tuple(charge for charge in line.flat if charge.unit_cost is not None)
    if not costed:
        return None
    charges = FlatCharges(line=replace(line, charges=costed), currency=currency, anchor=line.starts_on)
    return _percent_left(charges.annual_value().major, total(_annual_cost(line, charge) for charge in costed))


def _margin_once(item: AgreedOneOff, currency: str) -> Decimal | None:
    if item.unit_cost is None:
        return None
    return _percent_left(charged(item, currency).net.major, EXACT.multiply(item.quantity, item.unit_cost))


def _percent_left(price: Decimal, cost: Decimal) -> Decimal:
    if not price:
        return Decimal(0) if not cost else _NOTHING_LEFT
    left = EXACT.divide(EXACT.subtract(price, cost).scaleb(2, EXACT), price)
    return max(_NOTHING_LEFT, left.quantize(_MARGIN_PLACES, ROUND_FLOOR, EXACT))


def _annual_cost(line: AgreedLine, charge: Charge) -> Decimal:
    units = Decimal(line.quantity_of(charge.code) * PER_YEAR[charge.every or line.every])
    return EXACT.multiply(units, charge.unit_cost or Decimal(0))


def _own_discounts(lines: Sequence[AgreedLine], party: Party, one_offs: OneOffs) -> Money:
    discounts = quote_totals(lines, party.currency, party.zone, one_offs=one_offs).term.discounts
    own = (off for reason, off in discounts.items() if not reason.startswith(COUPON))
    return Money.total(own, party.currency)
