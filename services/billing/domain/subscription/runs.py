"""Each charge of a subscription, for as long as it is charged on the same conditions: amendments begin and end runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from services.billing.domain.agreement import AgreedLine
from services.billing.domain.plan import Charge, ChargeKind
from services.billing.domain.schedule import BillingPeriod, Rhythm
from services.billing.domain.subscription.events import Term
from services.billing.domain.subscription.state import Subscription, days_of
from shared.periods import Days


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Days of one term; `amendment` is the change that the conditions came with, 0 the term itself. One that was changed again
    on its first day has no days."""

    term: Term
    line: AgreedLine
    charge: Charge
    amendment: int
    days: Days

    def rhythm(self, subscription: Subscription) -> Rhythm:
        return Rhythm(subscription.anchor, self.charge.every or self.line.every, self.line.calendar)

    def periods(self, subscription: Subscription, since: date | None = None) -> Iterator[BillingPeriod]:
        return self.rhythm(subscription).within(self.days, since)


@dataclass(frozen=True, slots=True)
class _Step:
    amendment: int
    line: AgreedLine
    on: date


def runs(subscription: Subscription, kind: ChargeKind) -> Iterator[Run]:
    """Those of a charge follow each other; what an amendment did not touch goes on."""
    for term in subscription.terms:
        steps = [_Step(0, term.line, term.starts_on)]
        amended = (a for a in subscription.amendments if a.term_number == term.number)
        steps += [_Step(amendment.number, amendment.line, amendment.effective_on) for amendment in amended]
        for code in dict.fromkeys(c.code for step in steps for c in step.line.charges if c.kind == kind):
            yield from _of_charge(subscription, term, steps, code)


def _of_charge(subscription: Subscription, term: Term, steps: list[_Step], code: str) -> Iterator[Run]:
    run: Run | None = None
    for step in steps:
        charge = next((charge for charge in step.line.charges if charge.code == code), None)
        if run is not None and _conditions(run.line, run.charge) == _conditions(step.line, charge):
            continue
        on = step.on if run is None else _end(subscription, run, step.on)
        if run is not None:
            yield replace(run, days=Days(run.days.start, on))
        run = None if charge is None else _run(term, step, charge, on)
    if run is not None:
        yield run


def _run(term: Term, step: _Step, charge: Charge, on: date) -> Run:
    return Run(term=term, line=step.line, charge=charge, amendment=step.amendment, days=Days(on, term.ends_on))


def _end(subscription: Subscription, run: Run, on: date) -> date:
    """The day of the change; where the plan knows no parts of periods, the end of the one that has begun."""
    day = max(on, run.days.start)
    if run.charge.kind == "metered" or run.line.proration != "none" or day not in run.days:
        return day
    part = run.rhythm(subscription).holding(day, days_of(run.term)).part
    return day if part.start == day else part.end


def _conditions(line: AgreedLine, charge: Charge | None) -> tuple[Any, ...]:
    """What makes the money of a charge; another version of a plan with the same price changes nothing."""
    if charge is None:
        return ()
    common = (charge, charge.every or line.every, line.calendar, line.ramp)
    if charge.kind == "metered":
        return (*common, line.minimum, line.metered if line.minimum else ())  # what shares a minimum shares its periods
    return (*common, line.quantity_of(charge.code), line.discount_percent, line.proration)
