"""When an amendment takes effect, and what it is refused for."""

from __future__ import annotations

from datetime import date

from services.billing.domain.amended_line import amended_line
from services.billing.domain.subscription.cancelling import OutsideTerm, instant_of, term_of_day
from services.billing.domain.subscription.changes import Amendment
from services.billing.domain.subscription.commands import AmendSubscription, EffectAmendments
from services.billing.domain.subscription.events import AmendmentScheduled, SubscriptionAmended
from services.billing.domain.subscription.moving_zone import moved_to
from services.billing.domain.subscription.state import Subscription
from shared.errors import DomainError


class BeforeTheLast(DomainError):
    """Amendments follow each other: none is put before one that was agreed."""


def amend(subscription: Subscription, command: AmendSubscription) -> list[AmendmentScheduled | SubscriptionAmended]:
    """At once, or scheduled behind what was agreed before; nothing where that is agreed already."""
    at = instant_of(subscription, command.when, command.at)
    day = subscription.day(at)
    field = "/on" if isinstance(command.when, date) else "/effective"
    _refuse(subscription, day, field)
    term = term_of_day(subscription, day)
    line = subscription.agreed_line(term.number)
    changed, zone = amended_line(line, command.change, day), command.change.zone
    if zone is not None:
        zone = moved_to(subscription, term, zone, day, subscription.day(command.at), field)
    if changed == line and zone is None:
        return []
    amendment = Amendment(
        number=len(subscription.all_amendments) + 1,
        term_number=term.number,
        effective_on=day,
        agreed_at=at,
        line=changed,
        zone=zone,
    )
    if at > command.at:
        return [AmendmentScheduled(amendment=amendment)]
    return [_amended(subscription, amendment)]


def effect_amendments(subscription: Subscription, command: EffectAmendments) -> list[SubscriptionAmended]:
    """All that are due, in their order; those of a term that has ended otherwise are none any more."""
    told: list[SubscriptionAmended] = []
    for amendment in subscription.amendments_due:
        if amendment.agreed_at <= command.at:
            told.append(_amended(subscription, amendment))
            subscription = subscription.with_amendment(amendment)
    return told


def _refuse(subscription: Subscription, day: date, field: str) -> None:
    ends_on = subscription.last.ends_on
    if subscription.cancellation_due is not None:
        ends_on = min(ends_on, subscription.cancellation_due.on)
    if subscription.transfer_due is not None:
        ends_on = min(ends_on, subscription.transfer_due.on)
    if not subscription.anchor <= day < ends_on:
        raise OutsideTerm("a day of the term, before it ends, is cancelled or transferred", field=field)
    if any(day < amendment.effective_on for amendment in subscription.all_amendments):
        raise BeforeTheLast("a later amendment was agreed already: none is put before it", field=field)


def _amended(subscription: Subscription, amendment: Amendment) -> SubscriptionAmended:
    term = subscription.term(amendment.term_number)
    return SubscriptionAmended(
        facts=subscription.with_amendment(amendment).facts(term),
        amendment=amendment,
        anchor=subscription.anchor,
        before=subscription.facts(term).base,
    )
