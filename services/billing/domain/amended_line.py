"""What a change makes of an agreed line: another quantity, plan or cost centre, add-ons more or less."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import reduce

from services.billing.domain.agreement import AddOn, AgreedLine
from services.billing.domain.plan import Charge
from shared.errors import DomainError
from shared.periods import plus_months


class ChargeTwice(DomainError):
    """A charge of an add-on has the code of one that the line has already."""


class TaxedOtherwise(DomainError):
    """The prices of one line either all have tax in them, or none has."""


class MinimumOfAddOn(DomainError):
    """A line has one minimum at most, of its own plan: that of an add-on would lift nothing."""


class NoSuchAddOn(DomainError):
    """The line does not have the add-on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChange:
    """What is not named stays. `plan` and what is added are lines as they would be sold by themselves; an add-on that is there
    is replaced. What is removed are codes of plans. With `calendar` billing periods are those of the calendar, without it they
    are counted from the `anchor`, or from the first day of the subscription where there is none. `zone` is that of the days
    from then on, and nothing of the line. An empty `cost_centre` is none; another one counts for what begins on the day or
    later."""

    quantity: int | None = None
    plan: AgreedLine | None = None
    add: tuple[AgreedLine, ...] = ()
    remove: tuple[str, ...] = ()
    calendar: bool | None = None
    anchor: date | None = None
    zone: str | None = None
    cost_centre: str | None = None


def amended_line(line: AgreedLine, change: LineChange, day: date) -> AgreedLine:
    """The line from a day on. What its ramp still has to bring stays, but not in another plan."""
    if replace(change, zone=None, cost_centre=None) == LineChange():
        return _paid_by(line, change)
    to_come = tuple(phase for phase in line.ramp if plus_months(line.starts_on, phase.after_months) > day)
    new = replace(line.on(day), ramp=to_come)
    if change.plan is not None:
        new = _moved(new, change.plan)
    named = {name: getattr(change, name) for name in ("quantity", "calendar", "anchor")}
    new = replace(new, **{name: value for name, value in named.items() if value is not None})
    new = _paid_by(new, change)
    new = reduce(_without, change.remove, new)
    return reduce(_with, change.add, new)


def _paid_by(line: AgreedLine, change: LineChange) -> AgreedLine:
    return line if change.cost_centre is None else replace(line, cost_centre=change.cost_centre or None)


def _moved(line: AgreedLine, plan: AgreedLine) -> AgreedLine:
    """The term and its renewal, the quantity, the discount, the coupons and the add-ons stay."""
    new = replace(
        plan,
        term_months=line.term_months,
        renewal=line.renewal,
        starts_on=line.starts_on,
        quantity=line.quantity,
        discount_percent=line.discount_percent,
        discounts=line.discounts,
        coupons=line.coupons,
        trial_days=line.trial_days,
        trial_converts=line.trial_converts,
        trial_reminder_days=line.trial_reminder_days,
        payment=line.payment,
        starts=line.starts,
        latest_start=line.latest_start,
        anchor=line.anchor,
        ends_on=line.ends_on,
        cost_centre=line.cost_centre,
    )
    if line.add_ons:
        _require_alike(line, plan, "/plan")
    for add_on in line.add_ons:
        new = _joined(new, add_on, [line.charge(code) for code in add_on.charges], "/plan")
    return new


def _with(line: AgreedLine, added: AgreedLine) -> AgreedLine:
    """Its charges keep the rhythm of their own plan."""
    _require_alike(line, added, "/add")
    if added.minimum is not None:
        raise MinimumOfAddOn("sell a plan with a minimum by a line of a quote", field="/add")
    charges = [replace(charge, every=charge.every or added.every) for charge in added.charges]
    add_on = AddOn(
        plan=added.plan,
        plan_version=added.plan_version,
        quantity=added.quantity,
        charges=tuple(charge.code for charge in charges),
        features=added.features,
    )
    has_it = any(known.plan == added.plan for known in line.add_ons)
    return _joined(_without(line, added.plan) if has_it else line, add_on, charges, "/add")


def _without(line: AgreedLine, code: str) -> AgreedLine:
    gone = next((add_on for add_on in line.add_ons if add_on.plan == code), None)
    if gone is None:
        raise NoSuchAddOn("name an add-on that the subscription has", field="/remove")
    return replace(
        line,
        add_ons=tuple(add_on for add_on in line.add_ons if add_on != gone),
        charges=tuple(charge for charge in line.charges if charge.code not in gone.charges),
    )


def _require_alike(line: AgreedLine, other: AgreedLine, field: str) -> None:
    if line.tax_inclusive != other.tax_inclusive:
        raise TaxedOtherwise("name a plan whose prices have tax in them as the others have, or have not", field=field)


def _joined(line: AgreedLine, add_on: AddOn, charges: Iterable[Charge], field: str) -> AgreedLine:
    taken = {charge.code for charge in line.charges}
    if line.plan == add_on.plan or not taken.isdisjoint(add_on.charges):
        raise ChargeTwice("a charge of this code is there already", field=field)
    return replace(line, add_ons=(*line.add_ons, add_on), charges=(*line.charges, *charges))
