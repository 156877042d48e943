"""Who moves to a version of a plan, who does not, when, and why: subscriptions stay on theirs until something moves them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from services.billing.domain.agreement import AgreedLine
from services.billing.domain.amended_line import LineChange, amended_line
from services.billing.domain.plan import PlanVersion
from services.billing.domain.quote.lines import NO_RENEWAL, agreed_line
from services.billing.domain.quote.state import Quote
from services.billing.domain.subscription.cancelling import instant_of, term_of_day
from services.billing.domain.subscription.state import Subscription
from shared.errors import DomainError
from shared.money import Money

Verdict = Literal["on_it", "moves", "may_move", "stays", "over"]


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """`on` is the day of the move, known or, with `may_move`, offered; of who stays it is None. `version` is the one that it
    has now, None where the plan was left. The yearly values are flat and net, now and on the version; `after` is None where it
    cannot be moved. `earliest_on` is the next end of a billing period, where an amendment could move it."""

    verdict: Verdict
    reason: str
    version: int | None
    on: date | None = None
    earliest_on: date | None = None
    before: Money | None = None
    after: Money | None = None


def rehearse(subscription: Subscription, plan: PlanVersion, renewals: Iterable[Quote], now: datetime) -> Rehearsed:
    """`renewals` are the quotes that are still open for the next term."""
    if subscription.status in ("cancelled", "transferred", "expired", "lapsed"):
        return Rehearsed("over", f"it is {subscription.status}", None)
    day = subscription.day(now)
    line = subscription.line_on(term_of_day(subscription, day), day)
    found = _planned(subscription, plan, line, day) or _possible(subscription, plan, line, renewals, now)
    return replace(found, before=_yearly(subscription, line))


def _planned(subscription: Subscription, plan: PlanVersion, line: AgreedLine, day: date) -> Rehearsed | None:
    """What has been agreed already."""
    version = version_of(line, plan.code)
    if version == plan.version:
        return Rehearsed("on_it", "it has the version", version)
    changes = [(a.effective_on, a.line, "an amendment is agreed") for a in subscription.all_amendments]
    changes += [(term.starts_on, term.line, "its next term is agreed on it") for term in subscription.terms]
    to_come = sorted((change for change in changes if change[0] > day), key=lambda change: change[0])
    for on, changed, reason in to_come:
        if version_of(changed, plan.code) == plan.version:
            return Rehearsed("moves", reason, version, on, after=_yearly(subscription, changed))
    return None


def _possible(
    subscription: Subscription, plan: PlanVersion, line: AgreedLine, renewals: Iterable[Quote], now: datetime
) -> Rehearsed:
    version, day = version_of(line, plan.code), subscription.day(now)
    if version is None:
        return Rehearsed("stays", "it has left the plan", None)
    if subscription.cancellation_due is not None:
        return Rehearsed("stays", f"it is cancelled on {subscription.cancellation_due.on}", version)
    try:
        moved = _moved(line, plan, subscription.currency, day)
    except DomainError as error:
        return Rehearsed("stays", f"it cannot be moved: {error}", version)
    after, earliest = _yearly(subscription, moved), subscription.day(instant_of(subscription, "period_end", now))
    offered = next((q for q in renewals if any(version_of(each, plan.code) == plan.version for each in q.lines)), None)
    if offered is not None:
        on = offered.lines[0].starts_on
        return Rehearsed(
            "may_move", f"a renewal quote offers it and is {offered.status}", version, on, earliest, after=after
        )
    if subscription.status == "non_renewing":
        reason = f"it is not renewed, and ends on {subscription.last.ends_on}"
    else:
        reason = "a renewal keeps the version that was agreed, unless its quote names another one"
    return Rehearsed("stays", reason, version, None, earliest, after=after)


def version_of(line: AgreedLine, code: str) -> int | None:
    """Of a plan on the line, which it may have as an add-on."""
    if line.plan == code:
        return line.plan_version
    return next((add_on.plan_version for add_on in line.add_ons if add_on.plan == code), None)


def _moved(line: AgreedLine, plan: PlanVersion, currency: str, day: date) -> AgreedLine:
    """As an amendment would make it. Raises NoPriceInCurrency, ChargeTwice."""
    sold = agreed_line(plan, currency, NO_RENEWAL, starts_on=day)
    if line.plan == plan.code:
        return amended_line(line, LineChange(plan=sold), day)
    quantity = next(add_on.quantity for add_on in line.add_ons if add_on.plan == plan.code)
    return amended_line(line, LineChange(add=(replace(sold, quantity=quantity),)), day)


def _yearly(subscription: Subscription, line: AgreedLine) -> Money:
    return subscription.flat_charges(line).annual_value()
