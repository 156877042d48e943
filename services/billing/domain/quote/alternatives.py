"""The same lines for other terms: what staying longer costs each year, and what is given for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from services.billing.domain.agreement import AgreedDiscount, AgreedLine, RampPhase
from services.billing.domain.uplift import uplifted
from shared.errors import DomainError
from shared.money import EXACT

MAX_ALTERNATIVES = 5
MULTI_YEAR = "multi_year"
_YEAR = 12


class TooManyAlternatives(DomainError):
    """A customer chooses among a few."""


class AlternativeRepeated(DomainError):
    """Alternatives are chosen by their term."""


class AlternativeUnknown(DomainError):
    """The customer chooses one of the terms that were offered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlternativeTerms:
    """After each year the flat prices rise by `uplift_percent`: zero locks them. `discount_percent` comes on top of the
    discount of each line."""

    term_months: int
    uplift_percent: Decimal = Decimal(0)
    discount_percent: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """`lines` are whole: what is accepted with it is what was shown."""

    terms: AlternativeTerms
    lines: tuple[AgreedLine, ...]


def alternative(lines: Sequence[AgreedLine], terms: AlternativeTerms, currency: str) -> Alternative:
    return Alternative(terms=terms, lines=tuple(_for_term(line, terms, currency) for line in lines))


def _for_term(line: AgreedLine, terms: AlternativeTerms, currency: str) -> AgreedLine:
    """Phases of the line's own ramp stay where the term reaches them; a price that one of them names is not raised on
    that day."""
    cheaper = replace(
        line,
        term_months=terms.term_months,
        ends_on=None,
        discount_percent=EXACT.add(line.discount_percent, terms.discount_percent),
        discounts=_with_part(line.reasons, terms.discount_percent),
        ramp=tuple(_cheaper(phase, terms) for phase in line.ramp if phase.after_months < terms.term_months),
    )
    return replace(cheaper, ramp=_raised_each_year(cheaper, terms, currency)) if terms.uplift_percent else cheaper


def _with_part(reasons: tuple[AgreedDiscount, ...], percent: Decimal) -> tuple[AgreedDiscount, ...]:
    if not percent:
        return reasons
    before = next((part.percent for part in reasons if part.reason == MULTI_YEAR), Decimal(0))
    others = tuple(part for part in reasons if part.reason != MULTI_YEAR)
    return (*others, AgreedDiscount(reason=MULTI_YEAR, percent=EXACT.add(before, percent)))


def _cheaper(phase: RampPhase, terms: AlternativeTerms) -> RampPhase:
    if phase.discount_percent is None:
        return phase
    return replace(phase, discount_percent=EXACT.add(phase.discount_percent, terms.discount_percent))


def _raised_each_year(line: AgreedLine, terms: AlternativeTerms, currency: str) -> tuple[RampPhase, ...]:
    own = {phase.after_months: phase for phase in line.ramp}
    made: tuple[RampPhase, ...] = ()
    for month in sorted({*own, *range(_YEAR, terms.term_months, _YEAR)}):
        phase = own.get(month, RampPhase(after_months=month))
        if month % _YEAR == 0:
            before = replace(line, ramp=made).at_last()
            raised = {charge.code: charge.price for charge in uplifted(before.flat, terms.uplift_percent, currency)}
            phase = replace(phase, prices=raised | phase.prices)
        made = (*made, phase)
    return made
