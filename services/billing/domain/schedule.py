"""The billing periods of a subscription: whole nominal periods, and the part of each that is billed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from shared.periods import Days, Every, calendar_anchor, containing, periods, plus_months


@dataclass(frozen=True, slots=True)
class BillingPeriod:
    """`part` is what is billed of the full nominal period; they differ at the start and the end of a term only."""

    nominal: Days
    part: Days


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Periods counted from the anchor, or with `calendar` those of the calendar, of which the anchor cuts the first.

    Each one is computed from the anchor, so a clamped month end never drags: 31 January, 29 February, 31 March.
    """

    anchor: date
    every: Every
    calendar: bool = False

    def periods(self) -> Iterator[BillingPeriod]:
        """All of them, without end."""
        for nominal in periods(self._first(), self.every):
            yield BillingPeriod(nominal, Days(max(nominal.start, self.anchor), nominal.end))

    def within(self, term: Days, since: date | None = None) -> Iterator[BillingPeriod]:
        """The periods of one term, cut at its start and at its exclusive end; `since` is a day that the first one holds."""
        day = term.start if since is None else max(term.start, since)
        while day < term.end:
            period = self.holding(day, term)
            yield period
            day = period.part.end

    def holding(self, day: date, term: Days) -> BillingPeriod:
        """The period that holds a day of the term."""
        nominal = self.nominal(day)
        return BillingPeriod(nominal, Days(max(nominal.start, term.start), min(nominal.end, term.end)))

    def nominal(self, day: date) -> Days:
        """The full period that holds a day, whatever is billed of it."""
        return containing(self._first(), self.every, day)

    def _first(self) -> date:
        return calendar_anchor(self.anchor, self.every) if self.calendar else self.anchor


def term_of(starts_on: date, months: int) -> Days:
    """A term of so many months; its end is exclusive."""
    return Days(starts_on, plus_months(starts_on, months))
