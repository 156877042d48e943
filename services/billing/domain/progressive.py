"""When usage of a period that goes on is billed already: as soon as what it comes to reaches an amount."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from services.billing.domain.pricing.limits import NotPositive
from services.billing.domain.pricing.price import PartMissing
from shared.errors import DomainError
from shared.money import Money

MAX_THRESHOLDS = 20


class ThresholdsNotOrdered(DomainError):
    """Thresholds are reached one after the other."""


class TooManyThresholds(DomainError):
    """What goes on is said once, by `repeats`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressiveBilling:
    """An interim invoice each time when the metered charges of a billing period come to the next of `thresholds`, before
    coupons and tax; behind the last, or from zero where there is none, at each further `repeats`."""

    thresholds: tuple[Money, ...] = ()
    repeats: Money | None = None

    def level(self, amount: Money) -> int:
        """How many thresholds an amount has reached."""
        listed = sum(threshold <= amount for threshold in self.thresholds)
        if self.repeats is None or listed < len(self.thresholds):
            return listed
        last = self.thresholds[-1].minor if self.thresholds else 0
        return listed + max(0, amount.minor - last) // self.repeats.minor

    def reached(self, amount: Money, billed: Money) -> Money | None:
        """The highest threshold that an amount has reached and what was billed before has not; None where there is none."""
        level = self.level(amount)
        return self._at(level, amount.currency) if level > self.level(billed) else None

    def _at(self, level: int, currency: str) -> Money:
        if level <= len(self.thresholds):
            return self.thresholds[level - 1]
        assert self.repeats is not None  # nothing else is behind the last threshold
        last = self.thresholds[-1].minor if self.thresholds else 0
        return Money(last + (level - len(self.thresholds)) * self.repeats.minor, currency)


def validate_progressive(progressive: ProgressiveBilling, at: str) -> None:
    """Raise a DomainError with the JSON pointer of the wrong field, below `at`."""
    thresholds, repeats = progressive.thresholds, progressive.repeats
    if not thresholds and repeats is None:
        raise PartMissing("give a threshold, or what repeats", field=f"{at}/thresholds")
    if len(thresholds) > MAX_THRESHOLDS:
        raise TooManyThresholds(f"give at most {MAX_THRESHOLDS}, and what repeats", field=f"{at}/thresholds")
    for index, threshold in enumerate(thresholds):
        _validate_amount(threshold, f"{at}/thresholds/{index}")
    for index, (one, next_one) in enumerate(pairwise(thresholds), start=1):
        if next_one <= one:
            raise ThresholdsNotOrdered("give more than the threshold before", field=f"{at}/thresholds/{index}")
    if repeats is not None:
        _validate_amount(repeats, f"{at}/repeats")


def _validate_amount(amount: Money, at: str) -> None:
    if amount.minor <= 0:
        raise NotPositive("give more than zero", field=at)
