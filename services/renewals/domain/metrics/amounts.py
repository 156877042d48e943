"""The sums of money that every renewal rate by value is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from services.renewals.domain.metrics.cohort import CohortMember, Won, counted, won_in
from services.renewals.domain.metrics.rates import money
from shared.money import Money
from shared.periods import Days


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseAmounts:
    """Bases (annualised value of the expiring scope) by what became of them; `due` leaves out the superseded ones."""

    due: Money
    won: Money
    lost: Money
    open: Money
    superseded: Money
    on_time: Money
    closed_in_period: Money

    @property
    def resolved(self) -> Money:
        return self.won + self.lost


@dataclass(frozen=True, slots=True, kw_only=True)
class WonAmounts:
    """Annualised values of what was won; the two capped sums differ in the level at which the base is the limit.

    `tcv` (total contract value, booked x months / 12) is a memo and enters no rate.
    """

    prior_at_quantity: Money
    list_value: Money
    discount: Money
    like_for_like: Money
    upsell: Money
    cross_sell: Money
    booked: Money
    booked_multi_year: Money
    capped_at_opportunity: Money
    capped_at_customer: Money
    tcv: Money


def base_amounts(members: Sequence[CohortMember], period: Days, currency: str) -> BaseAmounts:
    """Sums of base over a cohort due in `period`; raises CurrencyMismatch where a member has another currency."""

    def base_where(wanted: Callable[[CohortMember], bool]) -> Money:
        return Money.total((member.base for member in members if wanted(member)), currency)

    def closed_in_period(member: CohortMember) -> bool:
        return member.state == "won" and member.decided_on is not None and member.decided_on < period.end

    return BaseAmounts(
        due=base_where(lambda member: member.state != "superseded"),
        won=base_where(lambda member: member.state == "won"),
        lost=base_where(lambda member: member.state == "lost"),
        open=base_where(lambda member: member.state == "open"),
        superseded=base_where(lambda member: member.state == "superseded"),
        on_time=base_where(lambda member: member.state == "won" and member.late_days == 0),
        closed_in_period=base_where(closed_in_period),
    )


def won_amounts(members: Sequence[CohortMember], currency: str) -> WonAmounts:
    """Sums over the won members; only `tcv` needs rounding: half away from zero, once, on the sum."""
    won = won_in(members)
    return WonAmounts(
        prior_at_quantity=Money.total((each.value.prior_at_quantity for each in won), currency),
        list_value=Money.total((each.value.list_value for each in won), currency),
        discount=Money.total((each.value.discount for each in won), currency),
        like_for_like=Money.total((each.value.like_for_like for each in won), currency),
        upsell=Money.total((each.value.upsell for each in won), currency),
        cross_sell=Money.total((each.value.cross_sell for each in won), currency),
        booked=Money.total((each.value.booked for each in won), currency),
        booked_multi_year=Money.total((each.value.booked for each in won if each.member.term_months > 12), currency),
        capped_at_opportunity=Money.total((_capped(each) for each in won), currency),
        capped_at_customer=_capped_at_customer(members, currency),
        tcv=money(Fraction(sum(each.value.booked.minor * each.member.term_months for each in won), 12), currency),
    )


def _capped(each: Won) -> Money:
    """Like-for-like value, no more than the base of the same opportunity."""
    return min(each.value.like_for_like, each.member.base)


def _capped_at_customer(members: Iterable[CohortMember], currency: str) -> Money:
    """All that a customer booked, no more than all bases that were due: growth here makes up for loss there."""
    by_customer: dict[str, list[CohortMember]] = {}
    for member in counted(members):
        by_customer.setdefault(member.customer, []).append(member)
    return Money.total((_capped_customer(owned, currency) for owned in by_customer.values()), currency)


def _capped_customer(owned: Sequence[CohortMember], currency: str) -> Money:
    booked = Money.total((each.value.booked for each in won_in(owned)), currency)
    return min(booked, Money.total((member.base for member in owned), currency))
