"""When the days of a subscription may become those of another zone."""

from __future__ import annotations

from datetime import date

from services.billing.domain.subscription.cancelling import OutsideTerm
from services.billing.domain.subscription.events import Term
from services.billing.domain.subscription.pausing import ChangePending, refuse_pending
from services.billing.domain.subscription.state import Subscription, days_of
from services.billing.domain.zones import ZoneChange, leaves_a_day
from shared.errors import DomainError
from shared.periods import zone


class NotABillingDay(DomainError):
    """Days become those of another zone where a billing period begins, and the periods of all usage with it."""


class ZonesTooFarApart(DomainError):
    """The day of the change would be over in the new zone before it begins in the old one."""


def moved_to(subscription: Subscription, term: Term, wanted: str, day: date, today: date, field: str) -> str | None:
    """The zone from the day on; None where it is that already. Raises what it is refused with."""
    zone(wanted)
    if subscription.party_on(day).zone == wanted:
        return None
    refuse_pending(subscription)
    if subscription.transfer_due is not None:
        raise ChangePending("a transfer was agreed and has not taken effect yet")
    if day <= today or term.number != subscription.last.number:
        raise OutsideTerm(
            "a day after today, of the last term that was agreed: what has begun is not moved", field=field
        )
    _refuse_within(subscription, term, day, field)
    if not leaves_a_day(ZoneChange(day, wanted), subscription.first_zone, subscription.zone_changes):
        raise ZonesTooFarApart("change to a zone between them first, and from there a period later", field="/zone")
    return wanted


def _refuse_within(subscription: Subscription, term: Term, day: date, field: str) -> None:
    line = subscription.agreed_line(term.number)
    rhythms = [line.rhythm(subscription.anchor, charge) for charge in (None, *line.metered)]
    parts = [rhythm.holding(day, days_of(term)).part for rhythm in rhythms]
    ends = [part.end for part in parts if part.start != day]
    if ends:
        raise NotABillingDay(f"a period goes on to {max(ends)}: name a day on which one begins", field=field)
