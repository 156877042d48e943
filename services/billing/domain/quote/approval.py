"""Who has to agree to an offer: the more is given away, the further up, by the limits that the tenant has set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from typing import Literal

from services.billing.domain.pricing.limits import non_negative
from services.billing.domain.pricing.validation import PercentTooHigh
from services.billing.domain.quote.papers import MAX_PAPERS, TooManyPapers
from shared.errors import DomainError
from shared.money import Money, exponent

ApprovalLevel = Literal["manager", "director", "executive"]
Measure = Literal["discount_percent", "discount_amount", "margin_percent", "clauses", "budget"]

LEVELS: tuple[ApprovalLevel, ...] = ("manager", "director", "executive")
MAX_APPROVERS = 500


class LimitsOutOfOrder(DomainError):
    """Whoever stands higher may give away at least as much."""


class TooManyApprovers(DomainError):
    """Approvers are listed one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverBudget:
    """An offer goes beyond the customer's budget for a cost centre in a period by the `amount`."""

    cost_centre: str
    period: str
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenAway:
    """What an offer gives away: the highest percentage, the amount over the whole term, the lowest margin, None where no
    cost is known, and its clauses, by code; and the budgets that it does not fit into."""

    discount_percent: Decimal
    discount: Money
    margin_percent: Decimal | None = None
    clauses: tuple[str, ...] = ()
    over_budget: tuple[OverBudget, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalLimits:
    """How far one may go: None, or a currency that is not named, is no limit. `discount_amount` is in major units by
    currency, of a whole term; `margin_percent` has to be left at least, where it is known."""

    discount_percent: Decimal | None = None
    discount_amount: dict[str, Decimal] = field(default_factory=dict)
    margin_percent: Decimal | None = None

    def beyond(self, given: GivenAway) -> tuple[Measure, ...]:
        """The limits that the offer does not keep; a limit itself is still within."""
        return tuple(self._beyond(given))

    def _beyond(self, given: GivenAway) -> Iterator[Measure]:
        amount = self.discount_amount.get(given.discount.currency)
        if self.discount_percent is not None and given.discount_percent > self.discount_percent:
            yield "discount_percent"
        if amount is not None and given.discount.major > amount:
            yield "discount_amount"
        if None not in (self.margin_percent, given.margin_percent) and self._is_thin(given):
            yield "margin_percent"

    def _is_thin(self, given: GivenAway) -> bool:
        return (given.margin_percent or Decimal(0)) < (self.margin_percent or Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalMatrix:
    """`own` is what nobody has to be asked for; beyond `director` it is an executive. Where `approvers` are listed, by
    principal, each decides up to their level and nobody else does; otherwise all who may approve do, at any level. An
    offer with one of the `clauses` needs the level that is named with it, whatever else it gives away, and one that goes
    beyond a budget of the customer the level `over_budget`, where there is one."""

    own: ApprovalLimits
    manager: ApprovalLimits
    director: ApprovalLimits
    approvers: dict[str, ApprovalLevel] = field(default_factory=dict)
    clauses: dict[str, ApprovalLevel] = field(default_factory=dict)
    over_budget: ApprovalLevel | None = None

    def beyond(self, given: GivenAway) -> tuple[Measure, ...]:
        """What nobody may give away alone."""
        said: tuple[Measure, ...] = ("clauses",) if self._of_clauses(given) else ()
        budget: tuple[Measure, ...] = ("budget",) if self._of_budgets(given) else ()
        return (*self.own.beyond(given), *said, *budget)

    def level_needed(self, given: GivenAway) -> ApprovalLevel | None:
        """None where it is within what may be given without asking."""
        levels = [*self._of_clauses(given), self._of_limits(given), self._of_budgets(given)]
        return max((level for level in levels if level), key=LEVELS.index, default=None)

    def _of_clauses(self, given: GivenAway) -> list[ApprovalLevel]:
        return [self.clauses[code] for code in given.clauses if code in self.clauses]

    def _of_budgets(self, given: GivenAway) -> ApprovalLevel | None:
        return self.over_budget if given.over_budget else None

    def _of_limits(self, given: GivenAway) -> ApprovalLevel | None:
        if not self.own.beyond(given):
            return None
        if not self.manager.beyond(given):
            return "manager"
        return "executive" if self.director.beyond(given) else "director"

    def level_of(self, principal: str) -> ApprovalLevel | None:
        return self.approvers.get(principal) if self.approvers else "executive"


def suffices(level: ApprovalLevel | None, needed: ApprovalLevel | None) -> bool:
    return level is not None and (needed is None or LEVELS.index(level) >= LEVELS.index(needed))


DEFAULT_APPROVAL = ApprovalMatrix(
    own=ApprovalLimits(discount_percent=Decimal(5)),
    manager=ApprovalLimits(discount_percent=Decimal(15)),
    director=ApprovalLimits(discount_percent=Decimal(25)),
)


def validate_matrix(matrix: ApprovalMatrix, at: str) -> None:
    """Raise a DomainError with the JSON pointer of the wrong field, below `at`."""
    steps = (("own", matrix.own), ("manager", matrix.manager), ("director", matrix.director))
    for name, limits in steps:
        _validate_limits(limits, f"{at}/{name}")
    for (_, lower), (name, higher) in pairwise(steps):
        _validate_order(lower, higher, f"{at}/{name}")
    if len(matrix.approvers) > MAX_APPROVERS:
        raise TooManyApprovers(f"list at most {MAX_APPROVERS}", field=f"{at}/approvers")
    if len(matrix.clauses) > MAX_PAPERS:
        raise TooManyPapers(f"list at most {MAX_PAPERS}", field=f"{at}/clauses")


def _validate_limits(limits: ApprovalLimits, at: str) -> None:
    for name in ("discount_percent", "margin_percent"):
        percent = getattr(limits, name)
        non_negative(percent, f"{at}/{name}")
        if percent is not None and percent > 100:
            raise PercentTooHigh("give at most 100 percent", field=f"{at}/{name}")
    for currency, amount in limits.discount_amount.items():
        exponent(currency)
        non_negative(amount, f"{at}/discount_amount/{currency}")


def _validate_order(lower: ApprovalLimits, higher: ApprovalLimits, at: str) -> None:
    if not _reaches(lower.discount_percent, higher.discount_percent):
        raise LimitsOutOfOrder("give at least that of the level below", field=f"{at}/discount_percent")
    for currency in _currencies(lower, higher):
        if not _reaches(lower.discount_amount.get(currency), higher.discount_amount.get(currency)):
            raise LimitsOutOfOrder("give at least that of the level below", field=f"{at}/discount_amount/{currency}")
    if (higher.margin_percent or 0) > (lower.margin_percent or 0):
        raise LimitsOutOfOrder("give at most that of the level below", field=f"{at}/margin_percent")


def _currencies(*limits: ApprovalLimits) -> Iterable[str]:
    return sorted({currency for each in limits for currency in each.discount_amount})


def _reaches(lower: Decimal | None, higher: Decimal | None) -> bool:
    return higher is None or (lower is not None and lower <= higher)
