"""Each charge of a subscription, for as long as it is charged on the same conditions: amendments begin and end runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Any

from services.billing.domain.agreement import AgreedLine
from services.billing.domain.plan import Charge, ChargeKind
from services.billing.domain.schedule import BillingPeriod, Rhythm
from services.billing.domain.subscription.events import Term
from services.billing.domain.subscription.high_water import Step, at_high_water
from services.billing.domain.subscription.state import Subscription, days_of
from shared.periods import Days


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Days of one term; `amendment` is the change that the conditions came with, 0 the term itself. One that was changed again
    on its first day has no days. `resumption` is the number of the last pause before it."""

    term: Term
    line: AgreedLine
    charge: Charge
    amendment: int
    days: Days
    resumption: int = 0

    def rhythm(self, subscription: Subscription) -> Rhythm:
        return self.line.rhythm(subscription.anchor, self.charge)

    def periods(self, subscription: Subscription, since: date | None = None) -> Iterator[BillingPeriod]:
        """Cut where the term was extended, because what was to be billed up to there may have been; not where the plan knows
        no parts of periods."""
        for days in _between(self.days, [] if self.is_whole else subscription.old_ends(self.term.number)):
            yield from self.rhythm(subscription).within(days, since)

    @property
    def is_whole(self) -> bool:
        return self.charge.kind == "flat" and self.line.proration == "none"


def runs(subscription: Subscription, kind: ChargeKind) -> Iterator[Run]:
    """Those of a charge follow each other; what an amendment did not touch goes on. A trial has none, and
    neither has what was not told to start."""
    for term in () if subscription.has_no_term else subscription.terms:
        steps = list(_steps(subscription, term))
        for code in dict.fromkeys(c.code for step in steps for c in step.line.charges if c.kind == kind):
            counting = at_high_water(steps, code, subscription.anchor, days_of(term))
            for run in _of_charge(subscription, term, counting, code):
                yield from _unpaused(subscription, run) if kind == "flat" else [run]


def _steps(subscription: Subscription, term: Term) -> Iterator[Step]:
    """Without changes of nothing but the cost centre: no money follows from it."""
    zone, line = None, term.line
    yield Step(0, line, term.starts_on)
    for amendment in subscription.amendments:
        is_another = amendment.zone or amendment.line != replace(line, cost_centre=amendment.line.cost_centre)
        if amendment.term_number == term.number and is_another:
            zone, line = amendment.zone or zone, amendment.line
            yield Step(amendment.number, line, amendment.effective_on, zone)


def _of_charge(subscription: Subscription, term: Term, steps: list[Step], code: str) -> Iterator[Run]:
    run: Run | None = None
    before: tuple[Any, ...] = ()
    for step in steps:
        charge = step.charge(code)
        conditions = _conditions(step, charge)
        if run is not None and before == conditions:
            continue
        before = conditions
        on = step.on if run is None else _end(subscription, run, step.on)
        if run is not None:
            yield replace(run, days=Days(run.days.start, on))
        run = None if charge is None else _run(term, step, charge, on)
    if run is not None:
        yield run


def _unpaused(subscription: Subscription, run: Run) -> Iterator[Run]:
    """What goes on as before is charged from each resumption up to the next pause."""
    if not subscription.pauses:
        yield run
    starts = [run.days.start, *(resumption.on for resumption in subscription.resumptions)]
    end = run.days.start
    for number, start in enumerate(starts if subscription.pauses else ()):
        part = replace(run, days=Days(min(max(start, end), run.days.end), run.days.end), resumption=number)
        pause = subscription.pauses[number] if number < len(subscription.pauses) else None
        end = part.days.end if pause is None else min(_end(subscription, part, pause.on), part.days.end)
        if part.days.start < end:
            yield replace(part, days=Days(part.days.start, end))


def _between(days: Days, cuts: list[date]) -> Iterator[Days]:
    bounds = [days.start, *(cut for cut in cuts if days.start < cut < days.end), days.end]
    return (Days(start, end) for start, end in pairwise(bounds))


def _run(term: Term, step: Step, charge: Charge, on: date) -> Run:
    return Run(term=term, line=step.line, charge=charge, amendment=step.amendment, days=Days(on, term.ends_on))


def _end(subscription: Subscription, run: Run, on: date) -> date:
    """The day of the change; where the plan knows no parts of periods, the end of the one that has begun."""
    day = max(on, run.days.start)
    if not run.is_whole or day not in run.days:
        return day
    part = run.rhythm(subscription).holding(day, days_of(run.term)).part
    return day if part.start == day else part.end


def _conditions(step: Step, charge: Charge | None) -> tuple[Any, ...]:
    """What makes the money of a charge; another version of a plan with the same price changes nothing. Usage is asked for by
    instants, and so by zone."""
    if charge is None:
        return ()
    line = step.line
    common = (charge, charge.every or line.every, line.calendar, line.anchor, line.ramp)
    if charge.kind == "metered":
        # What shares a minimum of a period, or thresholds, shares its periods.
        is_shared = line.period_minimum or line.progressive
        return (*common, step.zone, line.minimum, line.progressive, line.metered if is_shared else ())
    return (*common, line.quantity_of(charge.code), line.discount_percent, line.proration)
